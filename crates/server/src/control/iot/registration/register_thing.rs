//! `RegisterThing`: a template and its parameters become a thing with its certificate, with the
//! caller's own permissions for every change.

use super::members;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::{Control, authorize};

pub(super) const NAME: &str = "RegisterThing";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let given = body.members();
    let (_, template) = members::template(&given)?;
    let parameters = members::parameters(&given)?;
    let plan = control.provisioning.plan_directly(&template, &parameters).await?;
    let needs = control.provisioning.needs(&plan);
    let plan = authorize::also(control, call, NAME, needs, plan).await?;
    let registered = control.provisioning.register_directly(&control.store, plan, None).await?;
    Ok(Answer::json(registered.body()))
}
