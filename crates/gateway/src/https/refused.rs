//! Refusals, in AWS's shape: `x-amzn-ErrorType`, and a body with the message.

use bytes::Bytes;
use fleetwright_core::error::{ErrorCode, Refusal};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use super::HttpsResponse;

/// Why a request is refused; the message is for the device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    status: StatusCode,
    name: &'static str,
    message: String,
    /// A fault of ours, for the log.
    fault: Option<String>,
}

impl Refused {
    /// 403 of the credentials provider.
    pub(super) fn access_denied(message: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "AccessDeniedException", message)
    }

    /// 403 of the data plane.
    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "ForbiddenException", "Forbidden")
    }

    /// 404.
    pub(super) fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
    }

    /// 405.
    pub(super) fn method(message: &str) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowedException", message)
    }

    /// 429.
    pub(super) fn throttled(message: &str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "ThrottlingException", message)
    }

    /// 503.
    pub(super) fn busy(message: &str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", message)
    }

    fn new(status: StatusCode, name: &'static str, message: &str) -> Self {
        Self { status, name, message: message.to_owned(), fault: None }
    }

    /// What failed here, where something did; never sent.
    pub(super) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    pub(super) fn response(&self) -> HttpsResponse {
        let mut response = json_response(self.status, &json!({ "message": self.message }));
        response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(self.name));
        response
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        let code = refusal.code;
        let fault = (code == ErrorCode::InternalFailure).then(|| refusal.to_string());
        match code {
            ErrorCode::AccessDenied | ErrorCode::Unauthorized => {
                Self::access_denied(&refusal.message)
            }
            ErrorCode::Throttling => Self::throttled(&refusal.message),
            _ => Self {
                status: StatusCode::from_u16(code.http_status())
                    .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
                name: code.rest_name(),
                message: refusal.message,
                fault,
            },
        }
    }
}

/// A response of JSON.
pub(super) fn json_response(status: StatusCode, body: &Value) -> HttpsResponse {
    let mut response = Response::new(Full::new(Bytes::from(body.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
