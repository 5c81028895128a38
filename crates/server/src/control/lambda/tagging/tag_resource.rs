//! `TagResource`.

use super::{resource, tags};
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "TagResource";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let resource = resource(control, call)?;
    let body = call.object()?;
    control.store.tag(resource, tags(&body.members())?).await?;
    Ok(Answer::nothing())
}
