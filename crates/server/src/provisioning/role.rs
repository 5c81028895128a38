//! The role with whose permissions devices are registered, by a template, just in time or in bulk:
//! it must exist, trust AWS IoT, and allow every change of the plan.

use fleetwright_core::arn::Home;
use fleetwright_core::authorization::{self, Asked, Authorized, Grants, of_plan};
use fleetwright_core::certificate::Instant;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::RoleName;
use fleetwright_core::plan::ProvisioningPlan;
use fleetwright_core::policy::Context;

use super::Provisioning;
use crate::clock;
use crate::identities::{Identities, Identity};

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

/// How the role of a template is called.
pub(super) const OF_TEMPLATE: &str = "The provisioning role of this template";

impl Provisioning {
    /// Authorizes a plan with the permissions of a role, as `allowed`. `certificate` is the ARN
    /// of the plan's certificate, or `*` for one that is yet to be made.
    ///
    /// # Errors
    /// `AccessDenied`, with the action that the role does not allow.
    pub async fn as_role(
        &self,
        role: &ProvisioningRole<'_>,
        certificate: &str,
        plan: ProvisioningPlan,
    ) -> Result<Authorized<ProvisioningPlan>, Refusal> {
        let Some(roles) = &self.roles else {
            // Only the configuration leads here: `check-role = false`.
            let grants = Grants { identity: &[], session: None };
            return authorization::authorize(plan, &Asked::Nothing, &grants, &Context::default())
                .map_err(Refusal::internal);
        };
        allowed(roles, &self.home, role, certificate, plan, clock::now()).await
    }
}

/// A plan that the role allows.
///
/// # Errors
/// `AccessDenied`. The message says which action is not allowed; the cause, for the log, names
/// the role, the resource, and what decided.
async fn allowed(
    roles: &Identities,
    home: &Home,
    asked: &ProvisioningRole<'_>,
    certificate: &str,
    plan: ProvisioningPlan,
    now: Instant,
) -> Result<Authorized<ProvisioningPlan>, Refusal> {
    let ProvisioningRole { arn, source, called } = *asked;
    let refuse = |message: String, cause: String| {
        Refusal::new(ErrorCode::AccessDenied, message).because(cause)
    };
    // 1. The facts.
    let keys: [(&str, &[&str]); 6] = [
        ("aws:PrincipalArn", &[arn]),
        ("aws:PrincipalType", &["AssumedRole"]),
        ("aws:RequestedRegion", &[home.region.as_str()]),
        ("aws:SecureTransport", &["true"]),
        ("aws:SourceAccount", &[home.account.as_str()]),
        ("aws:SourceArn", &[source]),
    ];
    let context = Context { now: Some(now), extra: &keys, ..Context::default() };

    // 2. The role: there, and trusting AWS IoT.
    let name = arn.rsplit('/').next().and_then(|name| RoleName::parse(name).ok());
    let role = match name {
        Some(name) => Some(roles.get(&Identity::Role(name)).await?),
        None => None,
    };
    let Some(role) = role.filter(|role| role.is_role(arn)) else {
        return Err(refuse(
            format!("{called} does not exist."),
            format!("{arn} does not exist; create it, or name another"),
        ));
    };
    if !role.trusts(SERVICE, &context) {
        return Err(refuse(
            format!("{called} does not trust {SERVICE}."),
            format!("the trust policy of {arn} must allow sts:AssumeRole to {SERVICE}"),
        ));
    }

    // 3. Every change of the plan.
    let needs = Asked::All(of_plan(&plan, home, certificate));
    let grants = Grants { identity: &role.policies, session: None };
    authorization::authorize(plan, &needs, &grants, &context).map_err(|denied| {
        let mut cause = format!("{}; {denied}", denied.message(arn));
        // Whoever corrects the role should not have to find out one by one.
        for further in authorization::lacking(&needs, &grants, &context).iter().skip(1) {
            cause.push_str(&format!("; nor {} on {}", further.action, further.resource));
        }
        refuse(format!("{called} does not allow {}.", denied.need.action), cause)
    })
}

#[cfg(test)]
#[path = "role_tests.rs"]
mod tests;
