//! Why a role could not register devices with a template, found when the template comes in rather
//! than by the first device.

use fleetwright_core::arn::ArnDoubt;
use fleetwright_core::error::Refusal;
use fleetwright_core::policy::may_allow;
use fleetwright_core::template::Template;
use fleetwright_host::clock;

use super::{ProvisioningRole, SERVICE, find, in_context};
use crate::Provisioning;

impl Provisioning {
    /// What will keep a role from registering with a template, a sentence each. What depends on a
    /// device or on a condition is not judged. Empty where roles are not checked.
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
        let mut lints = Vec::new();
        let trust = in_context(&self.scope, role, clock::now(), |context| {
            found.trust_refusal(SERVICE, context)
        });
        lints.extend(trust.map(|why| format!("{arn} {why}")));
        let mut lacking = Vec::new();
        for need in template.needs(&self.scope) {
            if !may_allow(&found.policies, need.actions, need.resource.as_deref()) {
                let action = need.actions.first().copied().unwrap_or_default();
                let on = need.resource.map(|arn| format!(" on {arn}")).unwrap_or_default();
                lacking.push(format!("{action}{on}"));
            }
        }
        lacking.dedup();
        if !lacking.is_empty() {
            let lacking = lacking.join(", ");
            lints.push(format!(
                "{arn} does not allow {lacking}, which this template needs; attach \
                 arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration or allow it"
            ));
        }
        Ok(lints)
    }
}
