//! Published versions.

mod list_versions_by_function;
mod publish_version;

use crate::control::iot::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!(list_versions_by_function), operation!(publish_version)];
