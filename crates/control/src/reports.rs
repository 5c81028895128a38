//! Reports of registration tasks: a link is the permission to read one part for an hour.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_host::random;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

use super::plane::ControlPlane;
use super::refusal::refuse;
use super::service::Service;

/// Where reports are.
pub(super) const ROUTE: &str = "/thing-registration-reports/{token}";

/// The link of a token.
pub(super) fn url(scheme: &str, host: &str, token: &str) -> String {
    format!("{scheme}://{host}{}", ROUTE.replace("{token}", token))
}

/// The part of a report, a JSON object a line.
pub(super) async fn answer(
    State(control): State<Arc<ControlPlane>>,
    Path(token): Path<String>,
) -> Response {
    let found = control.bulk.part(&token).await.and_then(|part| {
        part.ok_or_else(|| {
            Refusal::new(
                ErrorCode::ResourceNotFound,
                "This link leads to no report, or its hour is over; list the reports again.",
            )
        })
    });
    match found {
        Ok(text) => {
            let mut response = Response::new(Body::from(text));
            let headers = response.headers_mut();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
            response
        }
        Err(refusal) => refuse(&refusal.into(), Service::Iot, &random::request_id()),
    }
}
