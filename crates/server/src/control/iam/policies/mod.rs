//! Managed policies and their versions.

mod create_policy;
mod create_policy_version;
mod delete_policy;
mod delete_policy_version;
mod get_policy;
mod get_policy_version;
mod list_entities_for_policy;
mod list_policies;
mod list_policy_versions;
mod set_default_policy_version;

use fleetwright_core::certificate::Instant;
use fleetwright_store::{ManagedPolicyVersion, PolicyKey};
use http::StatusCode;

use crate::control::Control;
use crate::control::error::Failure;
use crate::control::query::{Element, Operation, query_operation};

pub(super) const OPERATIONS: &[Operation] = &[
    query_operation!(create_policy),
    query_operation!(create_policy_version),
    query_operation!(delete_policy),
    query_operation!(delete_policy_version),
    query_operation!(get_policy),
    query_operation!(get_policy_version),
    query_operation!(list_entities_for_policy),
    query_operation!(list_policies),
    query_operation!(list_policy_versions),
    query_operation!(set_default_policy_version),
];

/// `VersionId`: `v1`, `v2` …
fn version(text: &str) -> Result<u32, &'static str> {
    let number = text.strip_prefix('v').and_then(|number| number.parse().ok());
    number.filter(|number| *number > 0).ok_or("a version is 'v' and a number, such as v1")
}

fn no_version(version: u32) -> Failure {
    let message = format!("This policy does not have a version v{version}.");
    Failure::new(StatusCode::NOT_FOUND, "NoSuchEntity", message)
}

/// Every version of a policy; AWS's own have one, of no date.
async fn versions(
    control: &Control,
    key: &PolicyKey,
) -> Result<Vec<ManagedPolicyVersion>, Failure> {
    match key {
        PolicyKey::Own(policy) => Ok(control.store.managed_policy_versions(policy).await?),
        PolicyKey::Aws(policy) => Ok(vec![ManagedPolicyVersion {
            version: 1,
            is_default: true,
            document: policy.document.to_owned(),
            created: Instant(0),
        }]),
    }
}

fn shown(version: &ManagedPolicyVersion) -> Element {
    Element::new()
        .text("VersionId", &format!("v{}", version.version))
        .flag("IsDefaultVersion", version.is_default)
        .time("CreateDate", version.created)
}
