//! Why a role could not register devices with a template, found when the template comes in rather
//! than by the first device.

use std::collections::BTreeMap;

use fleetwright_access::identities::CompiledIdentity;
use fleetwright_core::arn::ArnDoubt;
use fleetwright_core::error::Refusal;
use fleetwright_core::policy::{Context, Reach, reach};
use fleetwright_core::template::{Template, TemplateNeed};
use fleetwright_host::clock;

use super::{ProvisioningRole, SERVICE, find, in_context};
use crate::Provisioning;

impl Provisioning {
    /// What will keep a role from registering with a template, a sentence each. Conditions are
    /// judged by the keys that every registration has; what depends on a device is not. Empty where roles are not checked.
    ///
    /// # Errors
    /// The registry cannot be read.
    pub async fn role_lints(
        &self,
        role: &ProvisioningRole<'_>,
        template: &Template,
    ) -> Result<Vec<String>, Refusal> {
        let (Some(roles), arn) = (&self.roles, role.arn) else { return Ok(Vec::new()) };
        if let Some(doubt) = ArnDoubt::of(arn, Some(&self.scope)) {
            return Ok(vec![doubt.to_string()]);
        }
        let Some(found) = find(roles, arn).await? else {
            return Ok(vec![format!(
                "{arn} does not exist, so no device can register; create it (aws iam create-role) \
                 or name another"
            )]);
        };
        Ok(in_context(&self.scope, role, clock::now(), |context| {
            let mut lints: Vec<String> = trust(&found, arn, context).into_iter().collect();
            lints.extend(permissions(&found, arn, &template.needs(&self.scope), context));
            lints
        }))
    }
}

/// What is wrong with its trust policy.
fn trust(role: &CompiledIdentity, arn: &str, context: &Context<'_>) -> Option<String> {
    if let Some(why) = role.trust_refusal(SERVICE, context) {
        return Some(format!("{arn} {why}"));
    }
    let condition = role.trusted_for_a_time(SERVICE, context)?;
    Some(format!(
        "{arn} trusts {SERVICE} at some times only, by its condition {condition}; at others no \
         device can register"
    ))
}

/// What is wrong with its permissions, a sentence for each way.
fn permissions(
    role: &CompiledIdentity,
    arn: &str,
    needs: &[TemplateNeed],
    context: &Context<'_>,
) -> Vec<String> {
    let (mut lacking, mut bound) = (Vec::new(), BTreeMap::<Reach, Vec<String>>::new());
    for need in needs {
        let action = need.actions.first().copied().unwrap_or_default();
        let on = need.resource.as_ref().map(|arn| format!(" on {arn}")).unwrap_or_default();
        let named = format!("{action}{on}");
        match reach(&role.policies, need.actions, need.resource.as_deref(), context) {
            Reach::Always => {}
            Reach::Never => lacking.push(named),
            under => bound.entry(under).or_default().push(named),
        }
    }
    lacking.dedup();
    let mut lints = Vec::new();
    if !lacking.is_empty() {
        let lacking = lacking.join(", ");
        lints.push(format!(
            "{arn} does not allow {lacking}, which this template needs; attach \
             arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration or allow it"
        ));
    }
    for (under, mut named) in bound {
        named.dedup();
        let named = named.join(", ");
        lints.push(match under {
            Reach::Unmet(condition) => format!(
                "{arn} allows {named} only under the condition {condition}, which no registration \
                 meets; correct the condition or take it out"
            ),
            Reach::Sometimes(condition) => format!(
                "{arn} allows {named} at some times only, by the condition {condition}; at others \
                 no device can register"
            ),
            Reach::Never | Reach::Always => continue,
        });
    }
    lints
}
