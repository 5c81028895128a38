//! Groups of users.

mod add_user_to_group;
mod create_group;
mod delete_group;
mod get_group;
mod list_groups;
mod list_groups_for_user;
mod remove_user_from_group;

use crate::control::query::{Operation, query_operation};

pub(super) const OPERATIONS: &[Operation] = &[
    query_operation!(add_user_to_group),
    query_operation!(create_group),
    query_operation!(delete_group),
    query_operation!(get_group),
    query_operation!(list_groups),
    query_operation!(list_groups_for_user),
    query_operation!(remove_user_from_group),
];
