//! `GetFunctionConcurrency`.

use fleetwright_core::function::FunctionRef;

use super::concurrency::shape;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;

pub(super) const NAME: &str = "GetFunctionConcurrency";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = reference::unqualified(control, call)?;
    let function = FunctionRef { name, qualifier: None };
    if control.store.function(&function.name, None).await?.is_none() {
        return Err(reference::no_function(control, &function).into());
    }
    Ok(Answer::json(shape(control.store.function_concurrency(&function.name).await?)))
}
