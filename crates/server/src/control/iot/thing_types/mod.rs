//! Thing types.

mod create_thing_type;
mod delete_thing_type;
mod deprecate_thing_type;
mod describe_thing_type;
mod list_thing_types;
mod properties;
mod update_thing_type;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(create_thing_type),
    operation!(delete_thing_type),
    operation!(deprecate_thing_type),
    operation!(describe_thing_type),
    operation!(list_thing_types),
    operation!(update_thing_type),
];
