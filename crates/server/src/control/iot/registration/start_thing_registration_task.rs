//! `StartThingRegistrationTask`: a template, and a file with a line of parameters for each thing.

use fleetwright_store::NewRegistrationTask;
use serde_json::json;

use super::members;
use crate::control::Control;
use crate::control::identifiers;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "StartThingRegistrationTask";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let given = body.members();
    let (text, _) = members::template(&given)?;
    let new = NewRegistrationTask {
        id: identifiers::fresh()?,
        template_body: text.to_owned(),
        bucket: members::bucket(&given)?,
        key: members::key(&given)?,
        role_arn: members::role(&given)?,
    };
    let id = new.id;
    control.store.start_registration_task(new, (control.clock)()).await?;
    control.bulk.wake();
    Ok(Answer::json(json!({"taskId": id.to_string()})))
}
