//! `RegisterThing`: a template and its parameters become a thing with its certificate.

use super::members;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "RegisterThing";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let given = body.members();
    let (_, template) = members::template(&given)?;
    let parameters = members::parameters(&given)?;
    let registered = control.provisioning.register_directly(&template, &parameters, None).await?;
    Ok(Answer::json(registered.body()))
}
