//! Managed policies on users, roles and groups.

mod attach_group_policy;
mod attach_role_policy;
mod attach_user_policy;
mod detach_group_policy;
mod detach_role_policy;
mod detach_user_policy;
mod list_attached_group_policies;
mod list_attached_role_policies;
mod list_attached_user_policies;

use crate::control::query::{Operation, query_operation};

pub(super) const OPERATIONS: &[Operation] = &[
    query_operation!(attach_group_policy),
    query_operation!(attach_role_policy),
    query_operation!(attach_user_policy),
    query_operation!(detach_group_policy),
    query_operation!(detach_role_policy),
    query_operation!(detach_user_policy),
    query_operation!(list_attached_group_policies),
    query_operation!(list_attached_role_policies),
    query_operation!(list_attached_user_policies),
];
