//! Whether the server lives and can do its work, for those who watch it: no credentials are needed,
//! and nothing is shown that a peer could use.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use fleetwright_installation::doctor::{self, Finding, Severity};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::json;

use crate::plane::ControlPlane;
use crate::rest;

/// It answers, so it lives; a restart would not help with anything else.
pub(crate) async fn live() -> Response {
    rest::json_response(StatusCode::OK, &json!({"status": "live"}))
}

/// 200 when it can do all its work, 503 when it cannot; each check with what was found. Warnings
/// leave it ready.
pub(crate) async fn ready(State(control): State<Arc<ControlPlane>>) -> Response {
    let findings = examine(&control).await;
    let (status, word) = match doctor::worst(&findings) {
        Severity::Error => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        Severity::Ok | Severity::Warning => (StatusCode::OK, "ready"),
    };
    rest::json_response(status, &json!({"status": word, "checks": findings}))
}

/// As [`ready`], with the first reason alone.
pub(crate) async fn healthz(State(control): State<Arc<ControlPlane>>) -> Response {
    let findings = examine(&control).await;
    let failing = findings.into_iter().find(|finding| finding.severity == Severity::Error);
    let (status, body) = match failing {
        None => (StatusCode::OK, json!({"status": "ok"})),
        Some(Finding { found, .. }) => {
            (StatusCode::SERVICE_UNAVAILABLE, json!({"status": "unavailable", "reason": found}))
        }
    };
    rest::json_response(status, &body)
}

/// What is measured, where the configuration says that it may be seen.
pub(crate) async fn metrics(State(control): State<Arc<ControlPlane>>) -> Response {
    let off = "Metrics are switched off: metrics = true in [control] lets whoever reaches this address \
               read them.\n";
    let (status, body) = match &control.measure {
        Some(measure) => (StatusCode::OK, measure()),
        None => (StatusCode::NOT_FOUND, off.to_owned()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let form = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, form);
    response
}

async fn examine(control: &ControlPlane) -> Vec<Finding> {
    let registry = match control.registry.writable().await {
        Ok(()) => Finding::ok("registry", "it takes writes"),
        Err(why) => Finding::error(
            "registry",
            why.to_string(),
            "the log names the file; fleetwright doctor says what to do",
        ),
    };
    let mut findings = vec![registry];
    findings.extend((control.examine)());
    findings
}
