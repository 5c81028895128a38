//! `GetFunctionConfiguration`.

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::{reference, shape};

pub(super) const NAME: &str = "GetFunctionConfiguration";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::qualified(control, call)?;
    let found = control.store.function(&function.name, function.qualifier.as_ref()).await?;
    let found = found.ok_or_else(|| reference::no_function(control, &function))?;
    Ok(Answer::json(shape::configuration(control, &found, function.qualifier)?))
}
