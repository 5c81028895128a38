//! The control plane: AWS operations over HTTP.
//!
//! A request is read in this order: its claim (signature form, scope, clock), its body within a
//! bound, its signature, its operation, whether its caller may have that. Every answer carries `x-amzn-RequestId`.

mod auth;
mod authorize;
mod caller;
mod error;
mod identifiers;
mod iot;
mod reports;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use fleetwright_core::arn::Home;
use fleetwright_core::certificate::Instant;
use fleetwright_core::error::Refusal;
use fleetwright_store::Store;
use http::{HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};

pub use auth::Credentials;
use auth::{AuthError, Scope, Unverified};
use authorize::Asking;
pub use authorize::Peer;
pub use caller::Caller;
use error::{Failure, json_response};

use crate::bulk::Bulk;
use crate::hooks::Hooks;
use crate::identities::Identities;
use crate::issuance::Issuance;
use crate::provisioning::Provisioning;

/// Bytes of a request's body. (ours)
const BODY_BYTES: usize = 1024 * 1024;
/// Time that a client has to send the body. (ours)
const BODY_TIME: Duration = Duration::from_secs(30);
/// Signing name of the IoT control plane.
const SERVICES: &[&str] = &["iot"];

/// Finds an access key by its id; `None` when there is none. The secret is opened for this
/// request only.
pub type FindCredentials = Box<
    dyn Fn(String) -> Pin<Box<dyn Future<Output = Result<Option<Credentials>, Refusal>> + Send>>
        + Send
        + Sync,
>;

/// What the control plane works with; built once.
pub struct Control {
    /// The registry.
    pub store: Arc<Store>,
    /// Region and account of every ARN; also the region that requests must be signed for.
    pub home: Home,
    /// What `DescribeEndpoint` answers: a host, with `:port` unless the port is 8883.
    pub endpoint: String,
    /// Issues certificates.
    pub issuance: Arc<Issuance>,
    /// Registers things directly.
    pub provisioning: Arc<Provisioning>,
    /// Calls authorizers.
    pub hooks: Arc<Hooks>,
    /// Registers things in bulk.
    pub bulk: Arc<Bulk>,
    /// `http` or `https`: how links to this server begin.
    pub own_scheme: &'static str,
    /// Life of a trusted user's provisioning claim.
    pub claim_seconds: u16,
    /// Finds access keys.
    pub credentials: FindCredentials,
    /// What users and roles may do.
    pub identities: Arc<Identities>,
    /// The wall clock.
    pub clock: fn() -> Instant,
}

/// The HTTP service: `GET /healthz` without credentials, reports of registration tasks by their
/// sealed links, all else signed with Signature Version 4.
pub fn router(control: Arc<Control>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route(reports::ROUTE, get(reports::answer))
        .fallback(answer)
        .with_state(control)
}

async fn healthz() -> Response {
    json_response(StatusCode::OK, &serde_json::json!({"status": "ok"}))
}

async fn answer(State(control): State<Arc<Control>>, request: Request) -> Response {
    let request_id = identifiers::of_request();
    let outcome = serve(&control, request, &request_id).await;
    let mut response = outcome.unwrap_or_else(|failure| failure.into_response(&request_id));
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

async fn serve(control: &Control, request: Request, request_id: &str) -> Result<Response, Failure> {
    // 1. What the request says of its signer; no secret is needed to refuse most strangers.
    let (parts, body) = request.into_parts();
    let scope =
        Scope { region: control.home.region.as_str(), services: SERVICES, now: (control.clock)() };
    let unverified = Unverified::read(&parts, &scope)?;
    let credentials = (control.credentials)(unverified.access_key_id().to_owned()).await?;
    // 2. The body, whose hash is signed.
    let body = match credentials {
        Some(_) => read_body(body).await?,
        None => Bytes::new(),
    };
    // 3. The signature.
    let query = unverified.verify(&parts, &body, credentials.as_ref())?;
    let Some(Credentials { caller, .. }) = credentials else {
        return Err(AuthError::Missing.into());
    };
    // 4. The operation.
    let (operation, labels) = iot::find(&parts.method, parts.uri.path())?;
    let call = iot::Call::new(labels, query, parts.headers, body);
    // 5. Whether its caller may have it.
    let peer = parts.extensions.get::<Peer>().copied();
    let asking = Asking { request_id, service: "iot", operation: operation.name, peer };
    let call = authorize::call(control, &caller, &asking, call).await?;
    // 6. What it comes to.
    let answer = operation.answer(control, &call).await?;
    tracing::info!(request_id, operation = operation.name, principal = caller.arn, "answered");
    Ok(answer.into_response())
}

async fn read_body(body: Body) -> Result<Bytes, Failure> {
    let timed = tokio::time::timeout(BODY_TIME, Limited::new(body, BODY_BYTES).collect()).await;
    let collected = timed.map_err(|_| {
        Failure::new(
            StatusCode::REQUEST_TIMEOUT,
            "RequestTimeoutException",
            format!("The body did not arrive within {} seconds.", BODY_TIME.as_secs()),
        )
    })?;
    match collected {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "RequestEntityTooLargeException",
            format!("The body is larger than {BODY_BYTES} bytes."),
        )),
        Err(error) => {
            let mut failure = Failure::from(AuthError::Malformed("the body broke off".into()));
            failure.cause = Some(error.to_string());
            Err(failure)
        }
    }
}

/// An operation or path that is not offered.
fn no_such_operation(method: &Method, path: &str) -> Failure {
    let path: String = path.chars().take(128).collect();
    Failure::new(
        StatusCode::NOT_FOUND,
        "UnknownOperationException",
        format!("{method} {path} is no operation of AWS IoT; check the path and its encoding."),
    )
}
