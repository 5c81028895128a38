//! Errors of Lambda.

use axum::response::Response;
use serde_json::json;

use crate::error::ApiError;
use crate::rest::{error_type, json_response};
use crate::service::Service;

/// Errors whose model spells the member `Message`.
const CAPITAL: &[&str] = &[
    "AccessDeniedException",
    "InvalidRuntimeException",
    "PublicPolicyException",
    "ResourceNotFoundException",
    "ServiceException",
];

/// Renders an error: `Type` says whose fault it is, `User` or `Service`, beside a message whose
/// member the service model spells in two ways.
pub(crate) fn refuse(error: &ApiError) -> Response {
    let (name, status) = (error.name(Service::Lambda), error.status(Service::Lambda));
    let fault = if status.is_server_error() { "Service" } else { "User" };
    let member = if CAPITAL.contains(&name) { "Message" } else { "message" };
    error_type(json_response(status, &json!({"Type": fault, member: error.message})), name)
}
