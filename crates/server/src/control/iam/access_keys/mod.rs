//! Access keys of users.

mod create_access_key;
mod delete_access_key;
mod list_access_keys;
mod update_access_key;

use fleetwright_store::{AccessKey, AccessKeyStatus};
use http::StatusCode;

use crate::control::Control;
use crate::control::error::Failure;
use crate::control::query::{Call, Operation, query_operation};

pub(super) const OPERATIONS: &[Operation] = &[
    query_operation!(create_access_key),
    query_operation!(delete_access_key),
    query_operation!(list_access_keys),
    query_operation!(update_access_key),
];

/// `Status` as AWS writes it.
fn word(status: AccessKeyStatus) -> &'static str {
    match status {
        AccessKeyStatus::Active => "Active",
        AccessKeyStatus::Inactive => "Inactive",
    }
}

/// `AccessKeyId` of the named user, or of the one who asks.
async fn of_user(control: &Control, call: &Call) -> Result<AccessKey, Failure> {
    let id = call.form.required("AccessKeyId")?;
    let user = call.user_or_self()?;
    let found = control.store.access_key(id).await?;
    found.filter(|key| key.user == user.name).ok_or_else(|| {
        let shown: String = id.chars().take(128).collect();
        Failure::new(
            StatusCode::NOT_FOUND,
            "NoSuchEntity",
            format!("The Access Key with id {shown} cannot be found."),
        )
    })
}
