//! `GetAlias`.

use fleetwright_core::error::{ErrorCode, Refusal};

use super::members;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::{reference, shape};

pub(super) const NAME: &str = "GetAlias";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::unqualified(control, call)?;
    let name = members::name(call)?;
    let found = control.store.function_alias(&function, &name).await?;
    let found = found.ok_or_else(|| {
        let arn = control.home.function_arn(&function);
        Refusal::new(ErrorCode::ResourceNotFound, format!("Cannot find alias arn: {arn}:{name}"))
    })?;
    Ok(Answer::json(shape::alias(control, &function, &found)))
}
