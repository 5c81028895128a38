//! Thing groups.

mod add_thing_to_thing_group;
mod create_dynamic_thing_group;
mod create_thing_group;
mod delete_dynamic_thing_group;
mod delete_thing_group;
mod describe_thing_group;
mod list_thing_groups;
mod list_thing_groups_for_thing;
mod list_things_in_thing_group;
mod properties;
mod remove_thing_from_thing_group;
mod update_dynamic_thing_group;
mod update_thing_group;
mod update_thing_groups_for_thing;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(add_thing_to_thing_group),
    operation!(create_dynamic_thing_group),
    operation!(create_thing_group),
    operation!(delete_dynamic_thing_group),
    operation!(delete_thing_group),
    operation!(describe_thing_group),
    operation!(list_thing_groups),
    operation!(list_thing_groups_for_thing),
    operation!(list_things_in_thing_group),
    operation!(remove_thing_from_thing_group),
    operation!(update_dynamic_thing_group),
    operation!(update_thing_group),
    operation!(update_thing_groups_for_thing),
];
