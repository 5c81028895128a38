//! Role aliases.

mod create_role_alias;
mod delete_role_alias;
mod describe_role_alias;
mod list_role_aliases;
mod members;
mod update_role_alias;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(create_role_alias),
    operation!(delete_role_alias),
    operation!(describe_role_alias),
    operation!(list_role_aliases),
    operation!(update_role_alias),
];
