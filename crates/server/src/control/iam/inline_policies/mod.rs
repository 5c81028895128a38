//! Inline policies of users, roles and groups.

mod delete_group_policy;
mod delete_role_policy;
mod delete_user_policy;
mod get_group_policy;
mod get_role_policy;
mod get_user_policy;
mod list_group_policies;
mod list_role_policies;
mod list_user_policies;
mod put_group_policy;
mod put_role_policy;
mod put_user_policy;

use crate::control::query::{Operation, query_operation};

pub(super) const OPERATIONS: &[Operation] = &[
    query_operation!(delete_group_policy),
    query_operation!(delete_role_policy),
    query_operation!(delete_user_policy),
    query_operation!(get_group_policy),
    query_operation!(get_role_policy),
    query_operation!(get_user_policy),
    query_operation!(list_group_policies),
    query_operation!(list_role_policies),
    query_operation!(list_user_policies),
    query_operation!(put_group_policy),
    query_operation!(put_role_policy),
    query_operation!(put_user_policy),
];
