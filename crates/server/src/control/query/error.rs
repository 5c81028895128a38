//! Refusals in the query protocol: `ErrorResponse` with type, code and message. The codes of
//! common errors differ from those of AWS IoT; one table says how.

use std::borrow::Cow;

use axum::response::Response;
use http::StatusCode;

use super::element::{Element, document};
use crate::control::error::Failure;

/// A name of the REST protocol, or of the registry's rules, with this protocol's code and status.
/// AWS: IAM API Reference, "Common Errors", and the errors of its operations.
const CODES: &[(&str, &str, u16)] = &[
    ("AccessDeniedException", "AccessDenied", 403),
    ("UnauthorizedException", "AccessDenied", 403),
    ("ConflictingResourceUpdateException", "ConcurrentModification", 409),
    ("DeleteConflictException", "DeleteConflict", 409),
    ("ExpiredTokenException", "ExpiredToken", 403),
    ("ExpiredWebIdentity", "ExpiredTokenException", 400),
    ("IncompleteSignatureException", "IncompleteSignature", 400),
    ("InternalFailureException", "ServiceFailure", 500),
    ("InvalidRequestException", "ValidationError", 400),
    ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
    ("LimitExceededException", "LimitExceeded", 409),
    ("MalformedPolicyException", "MalformedPolicyDocument", 400),
    ("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403),
    ("RequestEntityTooLargeException", "RequestEntityTooLarge", 413),
    ("RequestTimeoutException", "RequestExpired", 400),
    ("ResourceAlreadyExistsException", "EntityAlreadyExists", 409),
    ("ResourceNotFoundException", "NoSuchEntity", 404),
    ("ServiceUnavailableException", "ServiceUnavailable", 503),
    ("UnrecognizedClientException", "InvalidClientTokenId", 403),
    ("VersionsLimitExceededException", "LimitExceeded", 409),
];

/// Shapes a refusal; the cause is logged by the caller.
pub(crate) fn refuse(failure: &Failure, namespace: &str, request_id: &str) -> Response {
    let (code, status) = translate(failure);
    let kind = if status.is_server_error() { "Receiver" } else { "Sender" };
    let error =
        Element::new().text("Type", kind).text("Code", &code).text("Message", &failure.message);
    let content = Element::new().nested("Error", error).text("RequestId", request_id);
    document(status, "ErrorResponse", namespace, content)
}

fn translate(failure: &Failure) -> (Cow<'static, str>, StatusCode) {
    let found = CODES.iter().find(|(name, _, _)| *name == failure.name);
    match found {
        Some((_, code, status)) => {
            ((*code).into(), StatusCode::from_u16(*status).unwrap_or(failure.status))
        }
        None => (failure.name.clone(), failure.status),
    }
}
