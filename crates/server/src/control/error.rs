//! Refusals in AWS's shape: status, `x-amzn-ErrorType`, `{"message": …}`. The cause goes to the
//! log under the request's id, never to the caller.

use std::borrow::Cow;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use fleetwright_core::error::Refusal;
use fleetwright_store::StoreError;
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::lambda;
use super::query;
use super::service::Service;

/// A request that is not answered with success. Beside [`Refusal`], whose codes are those of the
/// IoT service model, it holds the errors that come before any operation: credentials, path, size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    /// AWS's error name, sent in `x-amzn-ErrorType`.
    pub(crate) name: Cow<'static, str>,
    /// For the caller; no cause, no secret.
    pub(crate) message: String,
    /// `resourceId` and `resourceArn`.
    pub(crate) resource: Option<Box<(String, String)>>,
    /// For the log.
    pub(crate) cause: Option<String>,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, name: &'static str, message: impl Into<String>) -> Self {
        Self { status, name: name.into(), message: message.into(), resource: None, cause: None }
    }

    /// Logs the cause under the request's id and shapes the answer as the service does.
    pub(crate) fn into_response(self, service: Service, request_id: &str) -> Response {
        self.log(request_id);
        if let Some(namespace) = service.namespace() {
            return query::refuse(&self, namespace, request_id);
        }
        if service == Service::Lambda {
            return lambda::refuse(self);
        }
        let Self { status, name, message, resource, .. } = self;
        let mut body = Map::new();
        body.insert("message".into(), Value::String(message));
        if let Some(resource) = resource {
            let (id, arn) = *resource;
            body.insert("resourceId".into(), Value::String(id));
            body.insert("resourceArn".into(), Value::String(arn));
        }
        let mut response = json_response(status, &Value::Object(body));
        if let Ok(name) = HeaderValue::from_str(&name) {
            response.headers_mut().insert("x-amzn-errortype", name);
        }
        response
    }

    fn log(&self, request_id: &str) {
        let Self { status, name, message, cause, .. } = self;
        if status.is_server_error() && *status != StatusCode::NOT_IMPLEMENTED {
            tracing::error!(request_id, error = %name, cause = cause.as_deref(), "{message}");
        } else {
            tracing::info!(request_id, error = %name, cause = cause.as_deref(), "{message}");
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code;
        Self {
            status: StatusCode::from_u16(code.http_status())
                .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            name: code.rest_name().into(),
            message: refusal.message,
            resource: refusal.resource,
            cause: refusal.cause,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Refusal::from(error).into()
    }
}

/// A JSON answer with its length.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    json_bytes(status, body.to_string().into())
}

/// JSON text as it is.
pub(crate) fn json_bytes(status: StatusCode, text: Bytes) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
