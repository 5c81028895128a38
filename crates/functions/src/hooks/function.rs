//! A hook as a Lambda function.

use std::time::Duration;

use fleetwright_core::function::FunctionRef;
use serde::Deserialize;

use super::{HookCall, HookError};
use crate::{Functions, Outcome};

/// What a function answers when it fails; its stack trace stays in its log.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Error {
    error_type: Option<String>,
    error_message: Option<String>,
}

/// Invokes a function of this server.
pub(super) async fn invoke(
    functions: &Functions,
    arn: &str,
    source: &str,
    body: Vec<u8>,
    budget: Duration,
    call: &mut HookCall,
) -> Result<Vec<u8>, HookError> {
    let named = FunctionRef::parse(functions.scope(), arn).map_err(HookError::new)?;
    let ran = functions.invoke_for_iot(&named, source, body.into(), budget).await;
    let ran = ran.map_err(HookError::new)?;
    call.keep_end(ran.log_tail.as_bytes());
    call.function = Some((named.name, ran.version));
    call.request_id = Some(ran.request_id);
    match ran.outcome {
        Outcome::Answered(answer) => Ok(answer.into()),
        Outcome::Failed(body) => Err(failed(&body)),
    }
}

/// A function's error, in one sentence.
pub(super) fn failed(body: &[u8]) -> HookError {
    let error: Error = serde_json::from_slice(body).unwrap_or_default();
    let kind = error.error_type.as_deref().unwrap_or("an error without a type");
    match &error.error_message {
        Some(message) => HookError::new(format_args!("the function failed: {kind}: {message}")),
        None => HookError::new(format_args!("the function failed: {kind}")),
    }
}
