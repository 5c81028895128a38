//! `PutFunctionConcurrency`: how many invocations of a function may be under way at once.

use super::concurrency::shape;
use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;

pub(super) const NAME: &str = "PutFunctionConcurrency";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = reference::unqualified(control, call)?;
    let body = call.object()?;
    let asked = body.members().integer("ReservedConcurrentExecutions")?;
    let asked =
        asked.ok_or_else(|| invalid("The member 'ReservedConcurrentExecutions' is required."))?;
    // More than any number of invocations is refused by the registry's rule.
    let number = u32::try_from(asked).unwrap_or(u32::MAX);
    control.store.set_function_concurrency(name, Some(number)).await?;
    Ok(Answer::json(shape(Some(number))))
}
