//! The role with whose permissions a template works: it must exist, trust AWS IoT, and allow
//! every change of the plan.

use fleetwright_core::arn::Home;
use fleetwright_core::authorization::{self, Asked, Authorized, Grants, of_plan};
use fleetwright_core::certificate::{CertificateId, Instant};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::RoleName;
use fleetwright_core::plan::ProvisioningPlan;
use fleetwright_core::policy::Context;

use super::Provisioning;
use crate::clock;
use crate::identities::{Identities, Identity};

/// Whom a provisioning role must trust. AWS: guide, "Provisioning devices".
const SERVICE: &str = "iot.amazonaws.com";

impl Provisioning {
    /// Authorizes a plan with the permissions of a role, as [`allowed`].
    pub(super) async fn as_role(
        &self,
        role_arn: &str,
        source: &str,
        certificate: CertificateId,
        plan: ProvisioningPlan,
    ) -> Result<Authorized<ProvisioningPlan>, Refusal> {
        let Some(roles) = &self.roles else {
            // Only the configuration leads here: `check-role = false`.
            let grants = Grants { identity: &[], session: None };
            return authorization::authorize(plan, &Asked::Nothing, &grants, &Context::default())
                .map_err(Refusal::internal);
        };
        let asked = Asking { role_arn, source, certificate, now: clock::now() };
        allowed(roles, &self.home, &asked, plan).await
    }
}

/// With whose permissions, and for what.
struct Asking<'a> {
    role_arn: &'a str,
    /// The ARN of the template, or of whatever else brought the plan about: `aws:SourceArn`.
    source: &'a str,
    certificate: CertificateId,
    now: Instant,
}

/// A plan that the role allows.
///
/// # Errors
/// `AccessDenied`. The device learns which action is not allowed; the cause, for the log, names
/// the role, the resource, and what decided.
async fn allowed(
    roles: &Identities,
    home: &Home,
    asked: &Asking<'_>,
    plan: ProvisioningPlan,
) -> Result<Authorized<ProvisioningPlan>, Refusal> {
    let Asking { role_arn, source, certificate, now } = *asked;
    let refuse = |message: String, cause: String| {
        Refusal::new(ErrorCode::AccessDenied, message).because(cause)
    };
    // 1. The facts.
    let keys: [(&str, &[&str]); 6] = [
        ("aws:PrincipalArn", &[role_arn]),
        ("aws:PrincipalType", &["AssumedRole"]),
        ("aws:RequestedRegion", &[home.region.as_str()]),
        ("aws:SecureTransport", &["true"]),
        ("aws:SourceAccount", &[home.account.as_str()]),
        ("aws:SourceArn", &[source]),
    ];
    let context = Context { now: Some(now), extra: &keys, ..Context::default() };

    // 2. The role: there, and trusting AWS IoT.
    let name = role_arn.rsplit('/').next().and_then(|name| RoleName::parse(name).ok());
    let role = match name {
        Some(name) => Some(roles.get(&Identity::Role(name)).await?),
        None => None,
    };
    let Some(role) = role.filter(|role| role.is_role(role_arn)) else {
        return Err(refuse(
            "The provisioning role of this template does not exist.".into(),
            format!("{role_arn} does not exist; create it, or give the template another"),
        ));
    };
    if !role.trusts(SERVICE, &context) {
        return Err(refuse(
            format!("The provisioning role of this template does not trust {SERVICE}."),
            format!("the trust policy of {role_arn} must allow sts:AssumeRole to {SERVICE}"),
        ));
    }

    // 3. Every change of the plan.
    let needs = of_plan(&plan, home, &home.arn("cert", certificate));
    let grants = Grants { identity: &role.policies, session: None };
    authorization::authorize(plan, &Asked::All(needs), &grants, &context).map_err(|denied| {
        refuse(
            format!(
                "The provisioning role of this template does not allow {}.",
                denied.need.action
            ),
            format!("{}; {denied}", denied.message(role_arn)),
        )
    })
}

#[cfg(test)]
#[path = "role_tests.rs"]
mod tests;
