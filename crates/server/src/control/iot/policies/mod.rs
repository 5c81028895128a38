//! Policies and what they are attached to.

mod asked;
mod attach_policy;
mod attach_principal_policy;
mod create_policy;
mod create_policy_version;
mod delete_policy;
mod delete_policy_version;
mod detach_policy;
mod detach_principal_policy;
mod document;
mod get_effective_policies;
mod get_policy;
mod get_policy_version;
mod in_force;
mod list_attached_policies;
mod list_policies;
mod list_policy_principals;
mod list_policy_versions;
mod list_principal_policies;
mod list_targets_for_policy;
mod set_default_policy_version;
mod test_authorization;

use fleetwright_core::arn::{Home, Target};
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_store::{CertificateRow, PolicyTarget};

use super::call::Call;
use super::members::invalid;
use super::{Operation, not_found, operation};
use crate::control::Control;

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(attach_policy),
    operation!(attach_principal_policy),
    operation!(create_policy),
    operation!(create_policy_version),
    operation!(delete_policy),
    operation!(delete_policy_version),
    operation!(detach_policy),
    operation!(detach_principal_policy),
    operation!(get_effective_policies),
    operation!(get_policy),
    operation!(get_policy_version),
    operation!(list_attached_policies),
    operation!(list_policies),
    operation!(list_policy_principals),
    operation!(list_policy_versions),
    operation!(list_principal_policies),
    operation!(list_targets_for_policy),
    operation!(set_default_policy_version),
    operation!(test_authorization),
];

/// The member or label `target`: a certificate or a thing group, by ARN.
fn target(home: &Home, text: &str) -> Result<PolicyTarget, Refusal> {
    match home.target(text) {
        Some(Target::Certificate(id)) => Ok(PolicyTarget::Certificate(id)),
        Some(Target::ThingGroup(name)) => Ok(PolicyTarget::ThingGroup(name)),
        _ => {
            let shown: String = text.chars().take(128).collect();
            Err(invalid(format!(
                "The target '{shown}' is not valid: use the ARN of a certificate or a thing \
                 group of this account and region, such as {}.",
                home.arn("thinggroup", "NAME")
            )))
        }
    }
}

/// The label `policyVersionId`; a number that is larger than any version is none's.
fn version_id(call: &Call) -> Result<u32, Refusal> {
    call.label("policyVersionId", |text| {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if digits {
            Ok(text.parse().unwrap_or(u32::MAX))
        } else {
            Err("policyVersionId must be a number")
        }
    })
}

/// The row of a certificate that must exist.
async fn certificate_row(control: &Control, id: CertificateId) -> Result<CertificateRow, Refusal> {
    let found = control.store.certificate_state(id).await?;
    Ok(found.ok_or_else(|| not_found("certificate", id))?.row)
}
