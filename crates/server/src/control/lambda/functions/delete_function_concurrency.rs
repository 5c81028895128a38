//! `DeleteFunctionConcurrency`.

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;

pub(super) const NAME: &str = "DeleteFunctionConcurrency";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = reference::unqualified(control, call)?;
    control.store.set_function_concurrency(name, None).await?;
    Ok(Answer::nothing())
}
