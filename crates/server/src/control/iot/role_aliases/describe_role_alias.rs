//! `DescribeRoleAlias`.

use fleetwright_core::names::RoleAliasName;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeRoleAlias";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("roleAlias", RoleAliasName::parse)?;
    let found = control.store.role_alias(&name).await?;
    let found = found.ok_or_else(|| not_found("role alias", &name))?;
    Ok(Answer::json(json!({
        "roleAliasDescription": {
            "roleAlias": found.name.as_str(),
            "roleAliasArn": control.home.arn("rolealias", &found.name),
            "roleArn": found.role_arn,
            "owner": control.home.account.as_str(),
            "credentialDurationSeconds": found.duration,
            "creationDate": found.created.epoch_seconds(),
            "lastModifiedDate": found.modified.epoch_seconds(),
        }
    })))
}
