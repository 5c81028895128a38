//! Resource-based policies.

mod add_permission;
mod get_policy;
mod remove_permission;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::function::{FunctionRef, Qualifier, Version};

use crate::control::iot::{Operation, operation};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!(add_permission), operation!(get_policy), operation!(remove_permission)];

/// The refusal of a policy of `$LATEST`: it has none, and is authorized as another resource than
/// the function, whose policy must not be reached by its name.
fn has_policy(function: &FunctionRef) -> Result<(), Refusal> {
    match function.qualifier {
        Some(Qualifier::Version(Version::Latest)) => Err(no_policy()),
        _ => Ok(()),
    }
}

fn no_policy() -> Refusal {
    Refusal::new(ErrorCode::ResourceNotFound, "The resource you requested does not exist.")
}
