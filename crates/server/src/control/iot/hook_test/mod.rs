//! Rehearsals of registering a device. Not of AWS: `POST /fleetwright/hook-test`, action
//! `fleetwright:TestHook` on the template.

mod event;
mod plan;
mod test_hook;

use super::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] = &[operation!(test_hook)];
