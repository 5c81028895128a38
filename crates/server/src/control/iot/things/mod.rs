//! Things and their principals.

mod attach_thing_principal;
mod create_thing;
mod delete_thing;
mod describe_thing;
mod detach_thing_principal;
mod list_principal_things;
mod list_principal_things_v2;
mod list_thing_principals;
mod list_thing_principals_v2;
mod list_things;
mod update_thing;

use fleetwright_core::error::Refusal;

use super::call::Call;
use super::members::invalid;
use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(attach_thing_principal),
    operation!(create_thing),
    operation!(delete_thing),
    operation!(describe_thing),
    operation!(detach_thing_principal),
    operation!(list_principal_things),
    operation!(list_principal_things_v2),
    operation!(list_thing_principals),
    operation!(list_thing_principals_v2),
    operation!(list_things),
    operation!(update_thing),
];

/// The header that names a principal.
const PRINCIPAL: &str = "x-amzn-principal";
const EXCLUSIVE: &str = "EXCLUSIVE_THING";
const SHARED: &str = "NON_EXCLUSIVE_THING";

/// The query parameter `thingPrincipalType`: whether it is `EXCLUSIVE_THING`.
fn exclusive(call: &Call) -> Result<Option<bool>, Refusal> {
    match call.query_text("thingPrincipalType")? {
        None => Ok(None),
        Some(EXCLUSIVE) => Ok(Some(true)),
        Some(SHARED) => Ok(Some(false)),
        Some(_) => Err(invalid(format!(
            "The query parameter 'thingPrincipalType' must be {EXCLUSIVE} or {SHARED}."
        ))),
    }
}

fn type_text(exclusive: bool) -> &'static str {
    if exclusive { EXCLUSIVE } else { SHARED }
}
