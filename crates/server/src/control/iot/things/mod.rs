//! Things and their principals.

mod create_thing;
mod delete_thing;
mod describe_thing;
mod list_thing_principals;
mod list_things;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(create_thing),
    operation!(delete_thing),
    operation!(describe_thing),
    operation!(list_thing_principals),
    operation!(list_things),
];
