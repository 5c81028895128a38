//! `DeleteAuthorizer`: one that is `INACTIVE` and nobody's default.

use fleetwright_core::names::AuthorizerName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeleteAuthorizer";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("authorizerName", AuthorizerName::parse)?;
    control.store.delete_authorizer(name).await?;
    Ok(Answer::empty())
}
