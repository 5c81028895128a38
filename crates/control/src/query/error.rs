//! Errors of IAM and STS.

use axum::response::Response;
use fleetwright_core::error::ErrorCode;

use super::element::{Element, document};
use crate::error::{ApiError, ErrorKind};
use crate::service::Service;

/// Renders an error: `ErrorResponse` with the fault's side, code and message.
pub(crate) fn refuse(error: &ApiError, service: Service, request_id: &str) -> Response {
    let status = error.status(service);
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
    let element = Element::new()
        .text("Type", fault)
        .text("Code", error.name(service))
        .text("Message", &error.message);
    let content = Element::new().nested("Error", element).text("RequestId", request_id);
    document(status, "ErrorResponse", service.namespace().unwrap_or_default(), content)
}

/// A parameter is missing or malformed.
pub(crate) fn invalid(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::InvalidRequest, message)
}

/// A parameter has the right form and cannot be used.
pub(crate) fn invalid_input(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorKind::InvalidInput, message)
}
