//! `Invoke`: runs a function and answers what it answered; with `DryRun` only says that it could.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::FUNCTION_PAYLOAD_BYTES;
use http::StatusCode;
use serde_json::value::RawValue;

use crate::control::Control;
use crate::control::error::Failure;
use crate::control::iot::members::invalid;
use crate::control::iot::{self, Answer, Call};
use crate::control::lambda::reference;
use crate::functions::{NotRun, Outcome};

pub(super) const NAME: &str = "Invoke";

const TYPE: &str = "x-amz-invocation-type";

/// How a function is asked for.
#[derive(PartialEq, Eq)]
enum Kind {
    RequestResponse,
    DryRun,
}

pub(super) async fn run(control: &Control, call: &Call) -> iot::Outcome {
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
        return Err(not_run(NotRun::Busy(
            "Rate Exceeded. The function's reserved concurrency is 0, so it is not run.".into(),
        )));
    }
    // 2. Run, for as long as the function may.
    let tail = wants_tail(call)?;
    let payload = if call.body.is_empty() { Bytes::from_static(b"{}") } else { call.body.clone() };
    let (name, qualifier) = (&function.name, function.qualifier.as_ref());
    let ran = control.functions.invoke(name, qualifier, payload, None).await.map_err(not_run)?;
    let (request_id, invocation) = (&call.request_id, &ran.request_id);
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

fn not_run(why: NotRun) -> Failure {
    match why {
        NotRun::NotFound(message) => Refusal::new(ErrorCode::ResourceNotFound, message).into(),
        NotRun::Busy(message) => {
            Failure::new(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", message)
        }
        NotRun::Unrunnable(message) => {
            Failure::new(StatusCode::BAD_GATEWAY, "InvalidRuntimeException", message)
        }
    }
}

fn wants_tail(call: &Call) -> Result<bool, Refusal> {
    match header(call, "x-amz-log-type")? {
        None | Some("None") => Ok(false),
        Some("Tail") => Ok(true),
        Some(_) => Err(invalid("The header X-Amz-Log-Type must be None or Tail.")),
    }
}

fn kind(call: &Call) -> Result<Kind, Refusal> {
    match header(call, TYPE)? {
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

/// Headers that a function would have to be told of.
fn refuse_not_honoured(call: &Call) -> Result<(), Refusal> {
    let names = ["X-Amz-Client-Context", "X-Amz-Durable-Execution-Name", "X-Amz-Tenant-Id"];
    match names.into_iter().find(|name| call.headers.contains_key(*name)) {
        None => Ok(()),
        Some(name) => Err(invalid(format!("The header {name} is not offered here."))),
    }
}

fn header<'a>(call: &'a Call, name: &'static str) -> Result<Option<&'a str>, Refusal> {
    if call.headers.contains_key(name) { call.header_text(name).map(Some) } else { Ok(None) }
}

/// A payload is JSON, or nothing.
fn check_payload(call: &Call) -> Result<(), Failure> {
    if call.body.len() > FUNCTION_PAYLOAD_BYTES {
        return Err(Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestTooLargeException",
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
        Failure::new(
            StatusCode::BAD_REQUEST,
            "InvalidRequestContentException",
            format!("Could not parse request body into json: {error}"),
        )
    })
}
