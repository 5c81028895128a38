//! Refusals as Lambda shapes them: `Type` of `User` or `Service`, and a message in a member that
//! the service model spells in two ways.

use axum::response::Response;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_store::StoreError;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::control::error::{Failure, json_response};

/// A name of the REST protocol of AWS IoT, or of the registry's rules, with Lambda's.
const NAMES: &[(&str, &str, u16)] = &[
    ("ConflictingResourceUpdateException", "ResourceConflictException", 409),
    ("DeleteConflictException", "ResourceConflictException", 409),
    ("InternalFailureException", "ServiceException", 500),
    ("InvalidRequestException", "InvalidParameterValueException", 400),
    ("LimitExceededException", "InvalidParameterValueException", 400),
    ("RequestEntityTooLargeException", "RequestTooLargeException", 413),
    ("ResourceAlreadyExistsException", "ResourceConflictException", 409),
    ("ServiceUnavailableException", "ServiceException", 503),
    ("ThrottlingException", "TooManyRequestsException", 429),
    ("VersionConflictException", "PreconditionFailedException", 412),
];

/// Errors whose model spells the member `Message`.
const CAPITAL: &[&str] = &[
    "AccessDeniedException",
    "InvalidRuntimeException",
    "PublicPolicyException",
    "ResourceNotFoundException",
    "ServiceException",
];

/// A refusal by Lambda's own name.
pub(crate) fn named(mut failure: Failure) -> Failure {
    let found = NAMES.iter().find(|(name, _, _)| *name == failure.name);
    if let Some((_, name, status)) = found {
        failure.name = (*name).into();
        failure.status = StatusCode::from_u16(*status).unwrap_or(failure.status);
    }
    failure
}

/// Shapes a refusal; the cause is logged by the caller.
pub(crate) fn refuse(failure: Failure) -> Response {
    let Failure { name, status, message, .. } = named(failure);
    let kind = if status.is_server_error() { "Service" } else { "User" };
    let member = if CAPITAL.contains(&&*name) { "Message" } else { "message" };
    let mut response = json_response(status, &json!({"Type": kind, member: message}));
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert("x-amzn-errortype", name);
    }
    response
}

/// A refusal of the registry whose limit has a name of its own.
pub(super) fn limit(name: &'static str) -> impl FnOnce(StoreError) -> Failure {
    move |error| match error {
        StoreError::Refused(Refusal { code: ErrorCode::LimitExceeded, message, .. }) => {
            Failure::new(StatusCode::BAD_REQUEST, name, message)
        }
        error => error.into(),
    }
}
