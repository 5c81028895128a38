//! Billing groups.

mod create_billing_group;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(create_billing_group)];
