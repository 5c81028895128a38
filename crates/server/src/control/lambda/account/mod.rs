//! The account's limits.

mod get_account_settings;

use crate::control::iot::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(get_account_settings)];
