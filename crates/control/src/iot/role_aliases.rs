//! Role aliases.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::{CREDENTIAL_SECONDS, CREDENTIAL_SECONDS_DEFAULT};
use fleetwright_core::names::RoleAliasName;
use fleetwright_core::text::shown;
use fleetwright_store::RoleAlias;
use serde_json::json;

use crate::Control;
use crate::iot::named::is_role_arn;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::MARKER;
use crate::rest::{Answer, Call, Operation, Outcome, not_found, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateRoleAlias", create_role_alias),
    operation!("DescribeRoleAlias", describe_role_alias),
    operation!("UpdateRoleAlias", update_role_alias),
    operation!("DeleteRoleAlias", delete_role_alias),
    operation!("ListRoleAliases", list_role_aliases),
];

/// `CreateRoleAlias`.
async fn create_role_alias(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("roleAlias", RoleAliasName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let role_arn = role(&members)?.ok_or_else(|| invalid("The member 'roleArn' is required."))?;
    let duration = duration(&members)?.unwrap_or(CREDENTIAL_SECONDS_DEFAULT);
    let now = control.now();
    let alias = RoleAlias { name: name.clone(), role_arn, duration, created: now, modified: now };
    control.store.create_role_alias(alias, tags::tags(&members)?).await?;
    Ok(answer(control, &name))
}

/// `DescribeRoleAlias`.
async fn describe_role_alias(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("roleAlias", RoleAliasName::parse)?;
    let found = control.store.role_alias(&name).await?;
    let found = found.ok_or_else(|| not_found("role alias", &name))?;
    Ok(Answer::json(json!({
        "roleAliasDescription": {
            "roleAlias": found.name.as_str(),
            "roleAliasArn": control.scope.arn("rolealias", &found.name),
            "roleArn": found.role_arn,
            "owner": control.scope.account.as_str(),
            "credentialDurationSeconds": found.duration,
            "creationDate": found.created.epoch_seconds(),
            "lastModifiedDate": found.modified.epoch_seconds(),
        }
    })))
}

/// `UpdateRoleAlias`: the members that are present.
async fn update_role_alias(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("roleAlias", RoleAliasName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let (role_arn, duration) = (role(&members)?, duration(&members)?);
    let now = control.now();
    control.store.update_role_alias(name.clone(), role_arn, duration, now).await?;
    Ok(answer(control, &name))
}

/// `DeleteRoleAlias`.
async fn delete_role_alias(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("roleAlias", RoleAliasName::parse)?;
    control.store.delete_role_alias(name).await?;
    Ok(Answer::empty())
}

/// `ListRoleAliases`, by name.
async fn list_role_aliases(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, RoleAliasName::parse)?;
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_role_aliases(after, page.size, ascending).await?;
    let next = found.next.as_ref().map(RoleAliasName::as_str);
    let names = found.items.iter().map(|name| name.as_str().into());
    Ok(Answer::list("roleAliases", names, &MARKER, next))
}

/// `roleArn`.
pub(super) fn role(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    let Some(text) = members.text("roleArn")? else { return Ok(None) };
    if is_role_arn(text) {
        return Ok(Some(text.to_owned()));
    }
    let shown = shown(text);
    Err(invalid(format!(
        "The member 'roleArn' is not valid: '{shown}' must be 20 to 2048 characters of the form \
         arn:aws:iam::ACCOUNT:role/NAME."
    )))
}

/// `credentialDurationSeconds`.
fn duration(members: &Members<'_>) -> Result<Option<u32>, Refusal> {
    let Some(number) = members.integer("credentialDurationSeconds")? else { return Ok(None) };
    match u32::try_from(number).ok().filter(|seconds| CREDENTIAL_SECONDS.contains(seconds)) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(invalid(format!(
            "The member 'credentialDurationSeconds' is {number}; it must be from {} to {}.",
            CREDENTIAL_SECONDS.start(),
            CREDENTIAL_SECONDS.end()
        ))),
    }
}

/// The response of creation and update.
pub(super) fn answer(control: &Control, name: &RoleAliasName) -> Answer {
    Answer::json(json!({
        "roleAlias": name.as_str(),
        "roleAliasArn": control.scope.arn("rolealias", name),
    }))
}
