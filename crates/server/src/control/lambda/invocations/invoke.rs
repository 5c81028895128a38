//! `Invoke`: runs a function and answers what it answered; with `DryRun` only says that it could.

use fleetwright_core::error::Refusal;
use fleetwright_core::limits::FUNCTION_PAYLOAD_BYTES;
use http::StatusCode;
use serde_json::value::RawValue;

use crate::control::Control;
use crate::control::error::Failure;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::lambda::reference;

pub(super) const NAME: &str = "Invoke";

const TYPE: &str = "x-amz-invocation-type";

/// How a function is asked for.
#[derive(PartialEq, Eq)]
enum Kind {
    RequestResponse,
    DryRun,
}

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read.
    let function = reference::qualified(control, call)?;
    let kind = kind(call)?;
    check_payload(call)?;
    let found = control.store.function(&function.name, function.qualifier.as_ref()).await?;
    if found.is_none() {
        return Err(reference::no_function(control, &function).into());
    }
    if kind == Kind::DryRun {
        return Ok(Answer::nothing());
    }
    // 2. Run.
    Err(Failure::new(
        StatusCode::NOT_IMPLEMENTED,
        "NotImplementedException",
        "Functions are kept, and not run yet.",
    ))
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
