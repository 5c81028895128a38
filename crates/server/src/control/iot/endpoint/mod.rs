//! The endpoint that devices connect to.

mod describe_endpoint;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(describe_endpoint)];
