//! Device shadows over HTTP.

use bytes::Bytes;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::{ShadowName, ThingName};
use fleetwright_core::shadow::{ShadowError, ShadowId, listed};
use fleetwright_services::ShadowRefusal;

use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("GetThingShadow", get_thing_shadow),
    operation!("UpdateThingShadow", update_thing_shadow),
    operation!("DeleteThingShadow", delete_thing_shadow),
    operation!("ListNamedShadowsForThing", list_named_shadows_for_thing),
];
/// Names of a page. AWS: 25 by default, 100 at most.
const PAGE: usize = 25;

/// `GetThingShadow`: the document; the thing need not be registered.
async fn get_thing_shadow(control: &Control, call: &Authorized<Call>) -> Outcome {
    let found = control.services.get_shadow(&control.store, &shadow(call)?).await;
    Ok(document(found.map_err(refused)?))
}

/// `UpdateThingShadow`: as a device's update, told to who subscribed.
async fn update_thing_shadow(control: &Control, call: &Authorized<Call>) -> Outcome {
    let updated = control.services.update_shadow(&control.store, &shadow(call)?, &call.body).await;
    Ok(document(updated.map_err(refused)?))
}

/// `DeleteThingShadow`.
async fn delete_thing_shadow(control: &Control, call: &Authorized<Call>) -> Outcome {
    let deleted = control.services.delete_shadow(&control.store, &shadow(call)?).await;
    Ok(document(deleted.map_err(refused)?))
}

/// `ListNamedShadowsForThing`, by name, without the classic one.
async fn list_named_shadows_for_thing(control: &Control, call: &Authorized<Call>) -> Outcome {
    let thing = thing(call)?;
    let size = call.query_integer("pageSize", 1..=100)?;
    let size = size.and_then(|size| usize::try_from(size).ok()).unwrap_or(PAGE);
    let after = call.query_text("nextToken")?;
    let page = control.store.named_shadows(thing.as_str(), after, size).await?;
    Ok(document(listed(&page.items, page.next.as_deref(), control.now())))
}

/// A document as devices have it.
fn document(text: Vec<u8>) -> Answer {
    Answer::bytes(Bytes::from(text))
}

fn thing(call: &Call) -> Result<ThingName, ApiError> {
    ThingName::parse(call.label_text("thingName")?)
        .map_err(|wrong| invalid(wrong.to_string()).into())
}

fn shadow(call: &Call) -> Result<ShadowId, ApiError> {
    let name = match call.query_text("name")? {
        None => None,
        Some(name) => Some(
            ShadowName::parse(name).map_err(|wrong| ApiError::from(invalid(wrong.to_string())))?,
        ),
    };
    Ok(ShadowId { thing: thing(call)?, name })
}

/// AWS's errors of the data plane, with the message that a device is told.
fn refused(refusal: ShadowRefusal) -> ApiError {
    let ShadowError { code, message } = match refusal {
        ShadowRefusal::Failed(refusal) => return refusal.into(),
        ShadowRefusal::Refused(error) => error,
    };
    let kind = match code {
        404 => ErrorKind::Code(ErrorCode::ResourceNotFound),
        409 => ErrorKind::Code(ErrorCode::Conflict),
        413 => ErrorKind::RequestEntityTooLarge,
        415 => ErrorKind::UnsupportedDocumentEncoding,
        429 => ErrorKind::Code(ErrorCode::Throttling),
        _ => ErrorKind::Code(ErrorCode::InvalidRequest),
    };
    ApiError::new(kind, message)
}
