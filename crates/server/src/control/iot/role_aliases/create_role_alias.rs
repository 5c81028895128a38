//! `CreateRoleAlias`.

use fleetwright_core::limits::CREDENTIAL_SECONDS_DEFAULT;
use fleetwright_core::names::RoleAliasName;
use fleetwright_store::RoleAlias;

use super::members::{answer, duration, role};
use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Call, Outcome, tags};

pub(super) const NAME: &str = "CreateRoleAlias";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("roleAlias", RoleAliasName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let role_arn = role(&members)?.ok_or_else(|| invalid("The member 'roleArn' is required."))?;
    let duration = duration(&members)?.unwrap_or(CREDENTIAL_SECONDS_DEFAULT);
    let now = (control.clock)();
    let alias = RoleAlias { name: name.clone(), role_arn, duration, created: now, modified: now };
    control.store.create_role_alias(alias, tags::tags(&members)?).await?;
    Ok(answer(control, &name))
}
