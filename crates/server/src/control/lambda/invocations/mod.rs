//! Invocations.

mod invoke;

use crate::control::iot::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(invoke)];
