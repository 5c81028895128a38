//! `ListRoleAliases`, by name.

use fleetwright_core::names::RoleAliasName;

use crate::control::Control;
use crate::control::iot::page::MARKER;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListRoleAliases";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, RoleAliasName::parse)?;
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_role_aliases(after, page.size, ascending).await?;
    let next = found.next.as_ref().map(RoleAliasName::as_str);
    let names = found.items.iter().map(|name| name.as_str().into());
    Ok(Answer::list("roleAliases", names, &MARKER, next))
}
