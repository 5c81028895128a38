//! A hook as a Lambda function.

use std::time::Duration;

use fleetwright_core::function::FunctionRef;
use serde::Deserialize;

use super::{HookFailure, Said};
use crate::functions::{Functions, Outcome};

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
    said: &mut Said,
) -> Result<Vec<u8>, HookFailure> {
    let named = FunctionRef::parse(functions.home(), arn).map_err(HookFailure::new)?;
    let ran = functions.invoke_for_iot(&named, source, body.into(), budget).await;
    let ran = ran.map_err(HookFailure::new)?;
    said.keep_end(ran.log_tail.as_bytes());
    said.function = Some((named.name, ran.version));
    said.request_id = Some(ran.request_id);
    match ran.outcome {
        Outcome::Answered(answer) => Ok(answer.into()),
        Outcome::Failed(body) => Err(failed(&body)),
    }
}

/// A function's error, in one sentence.
pub(super) fn failed(body: &[u8]) -> HookFailure {
    let error: Error = serde_json::from_slice(body).unwrap_or_default();
    let kind = error.error_type.as_deref().unwrap_or("an error without a type");
    match &error.error_message {
        Some(message) => HookFailure::new(format_args!("the function failed: {kind}: {message}")),
        None => HookFailure::new(format_args!("the function failed: {kind}")),
    }
}
