//! Which events are published.

mod describe_event_configurations;
mod update_event_configurations;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!(describe_event_configurations), operation!(update_event_configurations)];
