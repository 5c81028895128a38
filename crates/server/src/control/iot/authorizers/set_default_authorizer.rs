//! `SetDefaultAuthorizer`; a default that exists must be cleared first.

use fleetwright_core::names::AuthorizerName;

use super::members::answer;
use crate::control::Control;
use crate::control::iot::{Call, Outcome};

pub(super) const NAME: &str = "SetDefaultAuthorizer";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let name = body.members().required("authorizerName", AuthorizerName::parse)?;
    control.store.set_default_authorizer(name.clone()).await?;
    Ok(answer(control, &name))
}
