//! Thing types.

mod create_thing_type;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(create_thing_type)];
