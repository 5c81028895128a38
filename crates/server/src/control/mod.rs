//! The control plane: AWS operations over HTTP.
//!
//! A request is read in this order: its claim (signature form, scope, clock), its body within a
//! bound, its signature, its operation, whether there is room for it, whether its caller may have
//! that, and whether the operation's rate allows it: only who may have it spends of the rate. Every
//! answer carries `x-amzn-RequestId`.

mod admission;
mod auth;
mod authorize;
mod body;
mod caller;
mod error;
mod iam;
mod identifiers;
mod iot;
mod iot_data;
mod lambda;
mod query;
mod reports;
mod service;
mod sts;
mod time;
mod trail;

#[cfg(test)]
mod tests;

use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use fleetwright_core::arn::Home;
use fleetwright_core::certificate::Instant;
use fleetwright_core::error::Refusal;
use fleetwright_mqtt::Publish;
use fleetwright_store::{Recording, Store};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode};

pub use admission::Admission;
pub(crate) use auth::TEMPORARY;
pub use auth::{AskedKey, Credentials, SigningKey, SigningScope};
use auth::{AuthError, Query, Scope, Unverified};
pub use authorize::Peer;
use authorize::{Asking, Found};
use body::{BodyBound, read_body};
pub use caller::{Caller, CallerKind, Federated, Session};
use error::{Failure, json_response};
use service::Service;
use trail::Trail;

use crate::audit::Audit;
use crate::bulk::Bulk;
use crate::clock;
use crate::functions::Functions;
use crate::hooks::Hooks;
use crate::identities::Identities;
use crate::issuance::Issuance;
use crate::issuers::Issuers;
use crate::provisioning::Provisioning;
use crate::sealing::Sealing;

/// Finds an access key by its id and, for a temporary one, its session token; `None` when there
/// is none. Its secret is opened to derive a signing key, and not kept.
pub type FindCredentials = Box<
    dyn Fn(AskedKey) -> Pin<Box<dyn Future<Output = Result<Option<Credentials>, Refusal>> + Send>>
        + Send
        + Sync,
>;

/// Publishes a message that its caller was found to be allowed; answers once a retained one is
/// durable, in the caller's registry.
pub type PublishMessage = Box<
    dyn Fn(Store, Publish) -> Pin<Box<dyn Future<Output = Result<(), Refusal>> + Send>>
        + Send
        + Sync,
>;

/// The control plane as one request has it: what it changes in `store` is committed with the
/// request's record in the audit trail.
pub struct Control {
    /// The registry.
    pub store: Store,
    plane: Arc<ControlPlane>,
}

impl Deref for Control {
    type Target = ControlPlane;

    fn deref(&self) -> &ControlPlane {
        &self.plane
    }
}

/// What all requests of the control plane work with; built once. Operations get it as
/// [`Control`], so that none changes anything without leaving its record.
pub struct ControlPlane {
    /// The registry, to be written through [`Control`] only.
    pub registry: Store,
    /// Region and account of every ARN; also the region that requests must be signed for.
    pub home: Home,
    /// What `DescribeEndpoint` answers: a host, with `:port` unless the port is 8883.
    pub endpoint: String,
    /// Issues certificates.
    pub issuance: Arc<Issuance>,
    /// Registers things directly.
    pub provisioning: Arc<Provisioning>,
    /// Publishes messages of the data plane.
    pub publish: PublishMessage,
    /// Calls authorizers.
    pub hooks: Arc<Hooks>,
    /// Runs functions.
    pub functions: Arc<Functions>,
    /// Registers things in bulk.
    pub bulk: Arc<Bulk>,
    /// `http` or `https`: how links to this server begin.
    pub own_scheme: &'static str,
    /// Life of a trusted user's provisioning claim.
    pub claim_seconds: u16,
    /// Seals secrets of keys and sessions.
    pub(crate) sealing: Arc<Sealing>,
    /// Room for requests.
    pub admission: Admission,
    /// Keeps what was asked and decided.
    pub audit: Arc<Audit>,
    /// Finds access keys.
    pub credentials: FindCredentials,
    /// What users and roles may do.
    pub identities: Arc<Identities>,
    /// Knows the keys of OpenID Connect issuers.
    pub(crate) issuers: Arc<Issuers>,
    /// The wall clock.
    pub clock: fn() -> Instant,
}

impl ControlPlane {
    /// For the request of this record.
    fn recording(self: &Arc<Self>, recording: &Arc<Recording>) -> Control {
        Control { store: self.registry.recording(recording), plane: Arc::clone(self) }
    }
}

/// The HTTP service: `GET /healthz` without credentials, reports of registration tasks by their
/// sealed links, `AssumeRoleWithWebIdentity` by its token, all else signed with Signature Version 4.
pub fn router(control: Arc<ControlPlane>) -> Router {
    Router::new()
        .route("/healthz", get(healthz))
        .route(reports::ROUTE, get(reports::answer))
        .route(lambda::code_link::ROUTE, get(lambda::code_link::answer))
        .fallback(answer)
        .with_state(control)
}

async fn healthz() -> Response {
    json_response(StatusCode::OK, &serde_json::json!({"status": "ok"}))
}

async fn answer(State(control): State<Arc<ControlPlane>>, request: Request) -> Response {
    let request_id = identifiers::of_request();
    let (parts, body) = request.into_parts();
    let service = Service::meant(&parts);
    let mut trail = Trail::from(peer(&parts));
    let outcome = serve(&control, parts, body, &request_id, &mut trail).await;
    let outcome = outcome.map_err(|failure| match service {
        Service::Lambda => lambda::named(failure),
        _ => failure,
    });
    if let Some(record) = trail.record(&outcome, &request_id, (control.clock)()) {
        control.audit.record(record).await;
    }
    let mut response =
        outcome.unwrap_or_else(|failure| failure.into_response(service, &request_id));
    if let Ok(id) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", id);
    }
    response
}

async fn serve(
    control: &Arc<ControlPlane>,
    parts: Parts,
    body: Body,
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response, Failure> {
    // 0. The one operation that a token of another issuer opens instead of a signature.
    if sts::is_unsigned(&parts) {
        let body = read_body(body, &BodyBound::up_to(sts::UNSIGNED_BODY_BYTES)).await?;
        return unsigned(control, &parts, &body.bytes, request_id, trail).await;
    }
    // 1. What the request says of its signer; no secret is needed to refuse most strangers.
    let now = (control.clock)();
    let scope = Scope {
        region: control.home.region.as_str(),
        services: service::SIGNING_NAMES,
        global: service::GLOBAL,
        now,
    };
    let unverified = Unverified::read(&parts, &scope)?;
    let service = Service::signed_as(unverified.service()).ok_or(AuthError::Missing)?;
    let credentials = (control.credentials)(unverified.asked_key()).await?;
    // 2. The body, whose hash is signed.
    let read = match credentials {
        Some(_) => Some(read_body(body, &BodyBound::of(service, &parts)).await?),
        None => None,
    };
    let body = read.as_ref().map(|read| read.bytes.clone()).unwrap_or_default();
    // 3. The signature.
    let query = unverified.verify(&parts, &body, credentials.as_ref(), now)?;
    let caller = credentials.ok_or(AuthError::Missing)?.caller;
    trail.principal = Some(caller.arn.clone());
    // 4. The operation.
    let verified = Verified { parts, query, body, caller };
    match service {
        Service::Iot => rest(control, service, iot::find, verified, request_id, trail).await,
        Service::IotData => {
            rest(control, service, iot_data::find, verified, request_id, trail).await
        }
        Service::Lambda => rest(control, service, lambda::find, verified, request_id, trail).await,
        Service::Iam => form(control, service, &iam::OFFER, verified, request_id, trail).await,
        Service::Sts => form(control, service, &sts::OFFER, verified, request_id, trail).await,
    }
}

/// A request whose signature is verified.
struct Verified {
    parts: Parts,
    query: Query,
    body: Bytes,
    caller: Arc<Caller>,
}

/// How a service of paths finds its operation.
type Find = fn(&Method, &str) -> Result<(&'static iot::Operation, iot::Labels), Failure>;

/// An operation of a service that is told by method and path.
async fn rest(
    plane: &Arc<ControlPlane>,
    service: Service,
    find: Find,
    verified: Verified,
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response, Failure> {
    let Verified { parts, query, body, caller } = verified;
    let (operation, labels) = find(&parts.method, parts.uri.path())?;
    let asking = Asking { request_id, service, operation: operation.name, peer: peer(&parts) };
    let call = iot::Call::new(labels, query, parts.headers, body, Arc::clone(&caller), &asking);
    trail.about(service, operation.name, &call);
    let control = &plane.recording(&trail.recording(request_id, (plane.clock)()));
    let _place = control.admission.place()?;
    let call = authorize::call(control, &caller, &asking, call).await?;
    control.admission.spend(service, operation.name, clock::monotonic_millis())?;
    let answer = operation.answer(control, &call).await?;
    tracing::info!(request_id, operation = operation.name, principal = caller.arn, "answered");
    Ok(answer.into_response())
}

/// An operation of a service that is told by the parameter `Action`.
async fn form(
    plane: &Arc<ControlPlane>,
    service: Service,
    offer: &query::Offer,
    verified: Verified,
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response, Failure> {
    let Verified { parts, body, caller, .. } = verified;
    // A GET with parameters in its query is AWS's as well; no client of today sends it.
    if parts.method != Method::POST || parts.uri.path() != "/" {
        return Err(no_such_operation(&parts.method, parts.uri.path()));
    }
    let form = query::Form::read(&body)?;
    let found = Found::default();
    let call = query::Call { form, caller: Arc::clone(&caller), peer: peer(&parts), found };
    let operation = offer.find(&call.form)?;
    trail.about_form(service, operation.name, &call.form);
    let control = &plane.recording(&trail.recording(request_id, (plane.clock)()));
    let _place = control.admission.place()?;
    let asking = Asking { request_id, service, operation: operation.name, peer: peer(&parts) };
    let call = authorize::call(control, &caller, &asking, call).await?;
    control.admission.spend(service, operation.name, clock::monotonic_millis())?;
    let result = operation.answer(control, &call).await?;
    tracing::info!(request_id, operation = operation.name, principal = caller.arn, "answered");
    Ok(query::answer(service, operation.name, result, request_id))
}

/// An operation of STS whose form holds its own proof of who asks.
async fn unsigned(
    plane: &Arc<ControlPlane>,
    parts: &Parts,
    body: &[u8],
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response, Failure> {
    let form = query::Form::read(body)?;
    let operation = sts::WITH_WEB_IDENTITY;
    if sts::OFFER.find(&form)?.name != operation {
        return Err(AuthError::Missing.into());
    }
    trail.about_form(Service::Sts, operation, &form);
    let recording = trail.recording(request_id, (plane.clock)());
    let control = &plane.recording(&recording);
    let proven = {
        let _place = control.admission.place_of_stranger()?;
        sts::WebIdentityProven::read(control, &form).await?
    };
    trail.principal = Some(proven.principal());
    recording.amend(|record| record.principal = proven.principal());
    let _place = control.admission.place()?;
    let trusted = proven.trusted(control, peer(parts)).await?;
    control.admission.spend(Service::Sts, operation, clock::monotonic_millis())?;
    let granted = trusted.open(control)?;
    tracing::info!(request_id, operation, principal = trail.principal.as_deref(), "answered");
    Ok(query::answer(Service::Sts, operation, granted, request_id))
}

fn peer(parts: &Parts) -> Option<Peer> {
    parts.extensions.get().copied()
}

/// An operation or path that is not offered.
fn no_such_operation(method: &Method, path: &str) -> Failure {
    let path: String = path.chars().take(128).collect();
    Failure::new(
        StatusCode::NOT_FOUND,
        "UnknownOperationException",
        format!(
            "{method} {path} is no operation of this service; check the path and its encoding."
        ),
    )
}
