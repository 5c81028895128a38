//! Errors of AWS IoT and its data plane.

use axum::response::Response;
use serde_json::{Map, Value};

use super::answer::{error_type, json_response};
use crate::error::ApiError;
use crate::service::Service;

/// Renders an error: status, `x-amzn-ErrorType`, `{"message": …}`.
pub(crate) fn refuse(error: &ApiError, service: Service) -> Response {
    let mut body = Map::new();
    body.insert("message".into(), error.message.as_str().into());
    if let Some(resource) = &error.resource {
        let (id, arn) = &**resource;
        body.insert("resourceId".into(), id.as_str().into());
        body.insert("resourceArn".into(), arn.as_str().into());
    }
    let response = json_response(error.status(service), &Value::Object(body));
    error_type(response, error.name(service))
}
