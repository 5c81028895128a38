//! Registration by the operator: one thing at once.

mod members;
mod register_thing;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(register_thing)];
