//! `DescribeAuthorizer`.

use fleetwright_core::names::AuthorizerName;

use super::members::description;
use crate::control::Control;
use crate::control::iot::{Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeAuthorizer";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("authorizerName", AuthorizerName::parse)?;
    let found = control.store.authorizer(&name).await?;
    let found = found.ok_or_else(|| not_found("authorizer", &name))?;
    Ok(description(control, &found))
}
