//! Users.

mod create_user;
mod delete_user;
mod get_user;
mod list_user_tags;
mod list_users;
mod tag_user;
mod untag_user;

use crate::control::query::{Operation, query_operation};

pub(super) const OPERATIONS: &[Operation] = &[
    query_operation!(create_user),
    query_operation!(delete_user),
    query_operation!(get_user),
    query_operation!(list_user_tags),
    query_operation!(list_users),
    query_operation!(tag_user),
    query_operation!(untag_user),
];
