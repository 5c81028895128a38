//! The authorizer that is taken where none is named.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::AuthorizerName;

use crate::Control;
use crate::iot::authorizers::{answer, description};
use crate::operation::operation;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("SetDefaultAuthorizer", set_default_authorizer),
    operation!("DescribeDefaultAuthorizer", describe_default_authorizer),
    operation!("ClearDefaultAuthorizer", clear_default_authorizer),
];

/// `SetDefaultAuthorizer`; a default that exists must be cleared first.
async fn set_default_authorizer(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let name = body.members().required("authorizerName", AuthorizerName::parse)?;
    control.store.set_default_authorizer(name.clone()).await?;
    Ok(answer(control, &name))
}

/// `DescribeDefaultAuthorizer`.
async fn describe_default_authorizer(control: &Control, _: &Call) -> Outcome {
    let found = control.store.default_authorizer().await?.ok_or_else(no_default)?;
    Ok(description(control, &found))
}

/// There is no default.
fn no_default() -> Refusal {
    Refusal::new(
        ErrorCode::ResourceNotFound,
        "There is no default authorizer; choose one with SetDefaultAuthorizer.",
    )
}

/// `ClearDefaultAuthorizer`.
async fn clear_default_authorizer(control: &Control, _: &Call) -> Outcome {
    match control.store.clear_default_authorizer().await? {
        true => Ok(Answer::empty()),
        false => Err(no_default().into()),
    }
}
