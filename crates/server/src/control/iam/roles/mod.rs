//! Roles.

mod create_role;
mod delete_role;
mod get_role;
mod list_instance_profiles_for_role;
mod list_role_tags;
mod list_roles;
mod tag_role;
mod untag_role;
mod update_assume_role_policy;
mod update_role;

use crate::control::query::{Operation, query_operation};

pub(super) const OPERATIONS: &[Operation] = &[
    query_operation!(create_role),
    query_operation!(delete_role),
    query_operation!(get_role),
    query_operation!(list_instance_profiles_for_role),
    query_operation!(list_role_tags),
    query_operation!(list_roles),
    query_operation!(tag_role),
    query_operation!(untag_role),
    query_operation!(update_assume_role_policy),
    query_operation!(update_role),
];

/// Longest session of a role, seconds. AWS: shape `roleMaxSessionDurationType`.
const MAX_SESSION: std::ops::RangeInclusive<u32> = 3600..=43_200;
