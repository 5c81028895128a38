//! Resource-based policies.

mod add_permission;
mod get_policy;
mod remove_permission;

use crate::control::iot::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!(add_permission), operation!(get_policy), operation!(remove_permission)];
