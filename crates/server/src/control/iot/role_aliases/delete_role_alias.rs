//! `DeleteRoleAlias`.

use fleetwright_core::names::RoleAliasName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteRoleAlias";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("roleAlias", RoleAliasName::parse)?;
    control.store.delete_role_alias(name).await?;
    Ok(Answer::empty())
}
