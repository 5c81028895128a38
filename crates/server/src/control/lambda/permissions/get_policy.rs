//! `GetPolicy`.

use serde_json::json;

use super::{has_policy, no_policy};
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;

pub(super) const NAME: &str = "GetPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let function = reference::qualified(control, call)?;
    has_policy(&function)?;
    let qualifier = function.qualifier.as_ref();
    if control.store.function(&function.name, qualifier).await?.is_none() {
        return Err(reference::no_function(control, &function).into());
    }
    let found = control.store.function_policy(&function.name, qualifier).await?;
    let found = found.ok_or_else(no_policy)?;
    Ok(Answer::json(json!({
        "Policy": found.document,
        "RevisionId": found.revision.to_string(),
    })))
}
