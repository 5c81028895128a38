//! `UpdateRoleAlias`: what is given; the rest stays.

use fleetwright_core::names::RoleAliasName;

use super::members::{answer, duration, role};
use crate::control::Control;
use crate::control::iot::{Call, Outcome};

pub(super) const NAME: &str = "UpdateRoleAlias";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("roleAlias", RoleAliasName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let (role_arn, duration) = (role(&members)?, duration(&members)?);
    let now = (control.clock)();
    control.store.update_role_alias(name.clone(), role_arn, duration, now).await?;
    Ok(answer(control, &name))
}
