//! Aliases.

mod create_alias;
mod delete_alias;
mod get_alias;
mod list_aliases;
mod members;
mod update_alias;

use crate::control::iot::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(create_alias),
    operation!(delete_alias),
    operation!(get_alias),
    operation!(list_aliases),
    operation!(update_alias),
];
