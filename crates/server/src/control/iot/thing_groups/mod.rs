//! Thing groups.

mod create_thing_group;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(create_thing_group)];
