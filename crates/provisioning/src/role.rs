//! The role with whose permissions devices are registered, by a template, just in time or in bulk:
//! it must exist, trust AWS IoT, and allow every change of the plan.

mod lint;

use std::sync::Arc;

use fleetwright_access::identities::{CompiledIdentity, Identities, Identity};
use fleetwright_core::arn::AccountScope;
use fleetwright_core::authorization::{
    self, Authorized, Denied, Grants, PlanNeeds, RequiredPermissions, authorize_plan, of_plan,
};
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::RoleName;
use fleetwright_core::plan::ProvisioningPlan;
use fleetwright_core::policy::{Context, TrustRefusal};
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;

use super::Provisioning;
use super::templates::Compiled;

/// Whom a provisioning role must trust. AWS: guide, "Provisioning devices".
const SERVICE: &str = "iot.amazonaws.com";

/// A role that is asked, and on whose behalf.
#[derive(Debug, Clone, Copy)]
pub struct ProvisioningRole<'a> {
    /// Its ARN.
    pub arn: &'a str,
    /// The ARN of what brings the plan about, a template for instance: `aws:SourceArn`.
    pub source: &'a str,
    /// How messages begin, such as "The provisioning role of this template".
    pub called: &'a str,
}

/// The role of a template, in messages.
pub(super) const OF_TEMPLATE: &str = "The provisioning role of this template";

impl Provisioning {
    /// Authorizes a plan with the permissions of a role, as `allowed`. `certificate` is the ARN
    /// of the plan's certificate, or `*` for one that is yet to be made.
    ///
    /// # Errors
    /// `AccessDenied`, with the action that the role does not allow.
    pub(crate) async fn as_role(
        &self,
        role: &ProvisioningRole<'_>,
        certificate: &str,
        plan: ProvisioningPlan,
    ) -> Result<Authorized<ProvisioningPlan>, Refusal> {
        let Some(roles) = &self.roles else {
            // Only the configuration leads here: `check-role = false`.
            let grants = Grants { identity: &[], session: None };
            return authorization::authorize(
                plan,
                &RequiredPermissions::Nothing,
                &grants,
                &Context::default(),
            )
            .map_err(Refusal::internal);
        };
        allowed(roles, &self.scope, role, certificate, plan, clock::now()).await
    }

    /// A plan that the template's role allows.
    pub(super) async fn as_its_role(
        &self,
        template: &Compiled,
        certificate: CertificateId,
        plan: ProvisioningPlan,
    ) -> Result<Authorized<ProvisioningPlan>, Refusal> {
        let source = self.scope.arn("provisioningtemplate", &template.record.name);
        let arn = &template.record.role_arn;
        let role = ProvisioningRole { arn, source: &source, called: OF_TEMPLATE };
        self.as_role(&role, &self.scope.arn("cert", certificate), plan).await
    }
}

/// A plan that the role allows.
///
/// # Errors
/// `AccessDenied`. The message says which action is not allowed; the cause, for the log, names
/// the role, the resource, and what decided.
async fn allowed(
    roles: &Identities,
    scope: &AccountScope,
    asked: &ProvisioningRole<'_>,
    certificate: &str,
    plan: ProvisioningPlan,
    now: Timestamp,
) -> Result<Authorized<ProvisioningPlan>, Refusal> {
    let ProvisioningRole { arn, called, .. } = *asked;
    let Some(role) = find(roles, arn).await? else {
        return Err(refuse(
            format!("{called} does not exist."),
            format!("{arn} does not exist; create it, or name another"),
        ));
    };
    let needs = of_plan(&plan, scope, certificate);
    in_context(scope, asked, now, |context| decided(&role, asked, plan, needs, context))
}

fn refuse(message: String, cause: String) -> Refusal {
    Refusal::new(ErrorCode::AccessDenied, message).because(cause)
}

/// The role of an ARN, if there is one.
async fn find(roles: &Identities, arn: &str) -> Result<Option<Arc<CompiledIdentity>>, Refusal> {
    let name = arn.rsplit('/').next().and_then(|name| RoleName::parse(name).ok());
    let Some(name) = name else { return Ok(None) };
    let found = roles.get(&Identity::Role(name)).await?;
    Ok(Some(found).filter(|role| role.is_role(arn)))
}

fn decided(
    role: &CompiledIdentity,
    asked: &ProvisioningRole<'_>,
    plan: ProvisioningPlan,
    needs: PlanNeeds,
    context: &Context<'_>,
) -> Result<Authorized<ProvisioningPlan>, Refusal> {
    let ProvisioningRole { arn, called, .. } = *asked;
    // 1. It trusts AWS IoT.
    if let Some(why) = role.trust_refusal(SERVICE, context) {
        let how = match why {
            TrustRefusal::Condition { .. } => "trusts {} under conditions that are not met",
            TrustRefusal::Denied { .. } | TrustRefusal::NotNamed { .. } => "does not trust {}",
        };
        let message = format!("{called} {}.", how.replace("{}", SERVICE));
        return Err(refuse(message, format!("{arn} {why}")));
    }

    // 2. Every change of the plan, or the changes that it must not come to.
    let grants = Grants { identity: &role.policies, session: None };
    let refused = |denied: &Denied| {
        let all = needs.always.iter().chain(needs.on_change.iter().map(|(_, need)| need));
        let all = RequiredPermissions::All(all.cloned().collect());
        let lacking = authorization::lacking(&all, &grants, context);
        let mut cause = format!("{}; {denied}", denied.message(arn));
        // Whoever corrects the role should not have to find out one by one.
        for further in lacking.iter().filter(|need| **need != &denied.need) {
            cause.push_str(&format!("; nor {} on {}", further.action, further.resource));
        }
        refuse(format!("{called} does not allow {}.", denied.need.action), cause)
    };
    authorize_plan(plan, &needs, &grants, context, refused).map_err(|denied| refused(&denied))
}

/// Calls `read` with what every request for a provisioning role has.
fn in_context<R>(
    scope: &AccountScope,
    role: &ProvisioningRole<'_>,
    now: Timestamp,
    read: impl FnOnce(&Context<'_>) -> R,
) -> R {
    let keys: [(&str, &[&str]); 6] = [
        ("aws:PrincipalArn", &[role.arn]),
        ("aws:PrincipalType", &["AssumedRole"]),
        ("aws:RequestedRegion", &[scope.region.as_str()]),
        ("aws:SecureTransport", &["true"]),
        ("aws:SourceAccount", &[scope.account.as_str()]),
        ("aws:SourceArn", &[role.source]),
    ];
    read(&Context { now: Some(now), extra: &keys, ..Context::default() })
}

#[cfg(test)]
mod tests;
