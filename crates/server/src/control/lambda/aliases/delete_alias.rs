//! `DeleteAlias`.

use super::members;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;

pub(super) const NAME: &str = "DeleteAlias";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::unqualified(control, call)?;
    control.store.delete_function_alias(function, members::name(call)?).await?;
    Ok(Answer::nothing())
}
