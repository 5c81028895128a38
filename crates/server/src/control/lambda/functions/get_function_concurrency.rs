//! `GetFunctionConcurrency`.

use super::concurrency::shape;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;

pub(super) const NAME: &str = "GetFunctionConcurrency";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = reference::existing(control, call).await?;
    Ok(Answer::json(shape(control.store.function_concurrency(&name).await?)))
}
