//! Invocations.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::FUNCTION_PAYLOAD_BYTES;
use fleetwright_functions::{InvokeError, Outcome};
use serde_json::value::RawValue;

use crate::error::{ApiError, ErrorKind};
use crate::lambda::reference;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation};
use crate::{Control, rest};

pub(super) const OPERATIONS: &[Operation] = &[operation!("Invoke", invoke)];

const TYPE: &str = "x-amz-invocation-type";

/// The invocation type.
#[derive(PartialEq, Eq)]
enum Kind {
    RequestResponse,
    DryRun,
}

/// `Invoke`: runs a function and answers its response; with `DryRun` only checks that it could.
async fn invoke(control: &Control, call: &Authorized<Call>) -> rest::Outcome {
    // 1. Read.
    let function = reference::qualified(control, call)?;
    let kind = kind(call)?;
    refuse_not_honoured(call)?;
    check_payload(call)?;
    let found = control.store.function(&function.name, function.qualifier.as_ref()).await?;
    if found.is_none() {
        return Err(reference::no_function(control, &function).into());
    }
    if kind == Kind::DryRun {
        return Ok(Answer::nothing());
    }
    if control.store.function_concurrency(&function.name).await? == Some(0) {
        return Err(invoke_error(InvokeError::Busy(
            "Rate Exceeded. The function's reserved concurrency is 0, so it is not run.".into(),
        )));
    }
    // 2. Run, for as long as the function may.
    let tail = wants_tail(call)?;
    let payload = if call.body.is_empty() { Bytes::from_static(b"{}") } else { call.body.clone() };
    let (name, qualifier) = (&function.name, function.qualifier.as_ref());
    let ran =
        control.functions.invoke(name, qualifier, payload, None).await.map_err(invoke_error)?;
    let (request_id, invocation) = (&call.context.request_id, &ran.request_id);
    tracing::info!(request_id, invocation, "a function ran");
    // 3. Answer.
    let (body, failed) = match ran.outcome {
        Outcome::Answered(body) => (body, false),
        Outcome::Failed(body) => (body, true),
    };
    let mut answer = Answer::bytes(body).header("x-amz-executed-version", &ran.version);
    if failed {
        answer = answer.header("x-amz-function-error", "Unhandled");
    }
    if tail {
        answer = answer.header("x-amz-log-result", &STANDARD.encode(ran.log_tail));
    }
    Ok(answer)
}

fn invoke_error(why: InvokeError) -> ApiError {
    match why {
        InvokeError::NotFound(message) => ApiError::new(ErrorCode::ResourceNotFound, message),
        InvokeError::Busy(message) => ApiError::new(ErrorCode::Throttling, message),
        InvokeError::Unrunnable(message) => ApiError::new(ErrorKind::InvalidRuntime, message),
    }
}

fn wants_tail(call: &Call) -> Result<bool, Refusal> {
    match call.optional_header("x-amz-log-type")? {
        None | Some("None") => Ok(false),
        Some("Tail") => Ok(true),
        Some(_) => Err(invalid("The header X-Amz-Log-Type must be None or Tail.")),
    }
}

fn kind(call: &Call) -> Result<Kind, Refusal> {
    match call.optional_header(TYPE)? {
        None | Some("RequestResponse") => Ok(Kind::RequestResponse),
        Some("DryRun") => Ok(Kind::DryRun),
        Some("Event") => Err(invalid(
            "The invocation type Event is not offered here: there is no queue of events. Use \
             RequestResponse.",
        )),
        Some(_) => {
            Err(invalid("The header X-Amz-Invocation-Type must be RequestResponse or DryRun."))
        }
    }
}

/// Headers that would have to be passed on to a function.
fn refuse_not_honoured(call: &Call) -> Result<(), Refusal> {
    let names = ["X-Amz-Client-Context", "X-Amz-Durable-Execution-Name", "X-Amz-Tenant-Id"];
    match names.into_iter().find(|name| call.headers.contains_key(*name)) {
        None => Ok(()),
        Some(name) => Err(invalid(format!("The header {name} is not offered here."))),
    }
}

/// A payload is JSON, or nothing.
fn check_payload(call: &Call) -> Result<(), ApiError> {
    if call.body.len() > FUNCTION_PAYLOAD_BYTES {
        return Err(ApiError::new(
            ErrorKind::RequestEntityTooLarge,
            format!(
                "{} byte payload is too large for the RequestResponse invocation type (limit \
                 {FUNCTION_PAYLOAD_BYTES} bytes)",
                call.body.len()
            ),
        ));
    }
    if call.body.is_empty() {
        return Ok(());
    }
    serde_json::from_slice::<&RawValue>(&call.body).map(|_| ()).map_err(|error| {
        ApiError::new(
            ErrorKind::InvalidRequestContent,
            format!("Could not parse request body into json: {error}"),
        )
    })
}
