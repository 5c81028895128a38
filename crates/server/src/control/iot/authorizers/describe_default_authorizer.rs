//! `DescribeDefaultAuthorizer`.

use fleetwright_core::error::{ErrorCode, Refusal};

use super::members::description;
use crate::control::Control;
use crate::control::iot::{Call, Outcome};

pub(super) const NAME: &str = "DescribeDefaultAuthorizer";

pub(super) async fn run(control: &Control, _: &Call) -> Outcome {
    let found = control.store.default_authorizer().await?.ok_or_else(no_default)?;
    Ok(description(control, &found))
}

/// There is no default.
pub(super) fn no_default() -> Refusal {
    Refusal::new(
        ErrorCode::ResourceNotFound,
        "There is no default authorizer; choose one with SetDefaultAuthorizer.",
    )
}
