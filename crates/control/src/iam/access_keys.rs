//! Access keys of users.

use fleetwright_access::access_keys::{fresh_id, fresh_secret, sealed_key};
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::UserName;
use fleetwright_core::text::shown_arn;
use fleetwright_store::{AccessKey, AccessKeyStatus};

use crate::Control;
use crate::error::ApiError;
use crate::iam::page::end;
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome, invalid};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateAccessKey", create_access_key),
    operation!("ListAccessKeys", list_access_keys),
    operation!("UpdateAccessKey", update_access_key),
    operation!("DeleteAccessKey", delete_access_key),
];

/// `CreateAccessKey`: the secret is shown once.
async fn create_access_key(control: &Control, call: &Authorized<Call>) -> Outcome {
    let found = call.user_or_self()?;
    let user = UserName::parse(&found.name).map_err(Refusal::internal)?;
    let (id, secret, now) = (fresh_id("AKIA")?, fresh_secret()?, control.now());
    let key = sealed_key(&control.sealing, id, &secret, &user, now).map_err(Refusal::internal)?;
    control.store.create_access_key(found.clone(), key.clone()).await?;
    let key = Element::new()
        .text("UserName", user.as_str())
        .text("AccessKeyId", &key.id)
        .text("Status", "Active")
        .text("SecretAccessKey", &secret)
        .time("CreateDate", now);
    Ok(Element::new().nested("AccessKey", key))
}

/// `ListAccessKeys`: without their secrets; two at most, one page.
async fn list_access_keys(control: &Control, call: &Authorized<Call>) -> Outcome {
    let found = call.user_or_self()?;
    let keys = control.store.access_keys_of(&found.name).await?;
    let items = keys.iter().map(|key| {
        Element::new()
            .text("UserName", &key.user)
            .text("AccessKeyId", &key.id)
            .text("Status", word(key.status))
            .time("CreateDate", key.created)
    });
    Ok(end(Element::new().list("AccessKeyMetadata", items), None))
}

/// `UpdateAccessKey`: whether it signs.
async fn update_access_key(control: &Control, call: &Authorized<Call>) -> Outcome {
    let mut key = of_user(control, call).await?;
    key.status = match call.form.required("Status")? {
        "Active" => AccessKeyStatus::Active,
        "Inactive" => AccessKeyStatus::Inactive,
        _ => return Err(invalid("The parameter 'Status' must be Active or Inactive.")),
    };
    control.store.put_access_key(key).await?;
    Ok(Element::nothing())
}

/// `DeleteAccessKey`.
async fn delete_access_key(control: &Control, call: &Authorized<Call>) -> Outcome {
    let key = of_user(control, call).await?;
    control.store.delete_access_key(&key.id).await?;
    Ok(Element::nothing())
}

/// `Status` as AWS writes it.
fn word(status: AccessKeyStatus) -> &'static str {
    match status {
        AccessKeyStatus::Active => "Active",
        AccessKeyStatus::Inactive => "Inactive",
    }
}

/// `AccessKeyId` of the named user, or of the caller.
async fn of_user(control: &Control, call: &Call) -> Result<AccessKey, ApiError> {
    let id = call.form.required("AccessKeyId")?;
    let user = call.user_or_self()?;
    let found = control.store.access_key(id).await?;
    found.filter(|key| key.user == user.name).ok_or_else(|| {
        let shown = shown_arn(id);
        ApiError::new(
            ErrorCode::ResourceNotFound,
            format!("The Access Key with id {shown} cannot be found."),
        )
    })
}
