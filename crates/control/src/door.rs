//! The door: from an HTTP request to the operation's answer.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use axum::routing::get;
use bytes::Bytes;
use fleetwright_access::caller::Caller;
use fleetwright_host::{clock, random};
use http::request::Parts;
use http::{HeaderValue, Method};

use crate::absent_service::AbsentService;
use crate::auth::{AuthError, Query, Scope, Unverified};
use crate::authorize::{self, Found, Peer, RequestContext, RequestMembers};
use crate::body::{BodyBound, read_body};
use crate::error::ApiError;
use crate::operation::Operation;
use crate::plane::ControlPlane;
use crate::refusal::refuse;
use crate::service::{self, Service};
use crate::trail::Trail;
use crate::{
    console, health, iam, iot, iot_data, iot_jobs_data, lambda, query, reports, rest, sts,
};

/// The HTTP service: `GET /live`, `/ready`, `/healthz` and `/metrics` without credentials, reports of registration tasks and code of
/// functions by their sealed links, `AssumeRoleWithWebIdentity` and sign-in to the console by their tokens, all else signed with
/// Signature Version 4.
pub fn router(control: Arc<ControlPlane>) -> Router {
    Router::new()
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/healthz", get(health::healthz))
        .route(reports::ROUTE, get(reports::answer))
        .route(lambda::code_link::ROUTE, get(lambda::code_link::answer))
        .fallback(answer)
        .with_state(control)
}

/// Serves a request, records it, and renders the error if it is refused.
async fn answer(State(control): State<Arc<ControlPlane>>, request: Request) -> Response {
    let request_id = random::request_id();
    let (parts, body) = request.into_parts();
    let service = Service::meant(&parts);
    let mut trail = Trail::from(peer(&parts));
    let absent = AbsentService::meant(&parts);
    let outcome = match &absent {
        Some(absent) => {
            trail.about_absent(absent.operation());
            Err(absent.error())
        }
        None => serve(&control, parts, body, &request_id, &mut trail).await,
    };
    if let Some(record) = trail.record(&outcome, service, &request_id, control.now()) {
        control.audit.record(record).await;
    }
    let mut response = outcome.unwrap_or_else(|error| match &absent {
        Some(absent) => {
            error.log(service, &request_id);
            absent.refuse(&request_id)
        }
        None => refuse(&error, service, &request_id),
    });
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
) -> Result<Response, ApiError> {
    // 0. Two operations are authenticated by a token instead of a signature.
    if sts::is_unsigned(&parts) {
        let body = read_body(body, &BodyBound::up_to(sts::UNSIGNED_BODY_BYTES)).await?;
        return web_identity(control, &parts, &body.bytes, request_id, trail).await;
    }
    if console::is_opening(&parts) {
        let body = read_body(body, &BodyBound::up_to(console::BODY_BYTES)).await?;
        return console_session(control, &body.bytes, request_id, trail);
    }
    // 1. The presented signature; no secret is needed to refuse most unknown callers.
    let now = control.now();
    let scope = Scope {
        region: control.scope.region.as_str(),
        services: service::SIGNING_NAMES,
        global: service::GLOBAL,
        now,
    };
    let unverified = Unverified::read(&parts, &scope)?;
    let service = Service::signed_as(unverified.service()).ok_or(AuthError::Missing)?;
    let credentials = (control.credentials)(unverified.key_query()).await?;
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
    let verified = Verified { service, parts, query, body, caller, request_id };
    match service {
        Service::Iot => rest_operation(control, &iot::OFFER, verified, trail).await,
        Service::IotData => rest_operation(control, &iot_data::OFFER, verified, trail).await,
        Service::IotJobsData => {
            rest_operation(control, &iot_jobs_data::OFFER, verified, trail).await
        }
        Service::Lambda => rest_operation(control, &lambda::OFFER, verified, trail).await,
        Service::Iam => query_operation(control, &iam::OFFER, verified, trail).await,
        Service::Sts => query_operation(control, &sts::OFFER, verified, trail).await,
    }
}

/// A request whose signature is verified.
struct Verified<'a> {
    service: Service,
    parts: Parts,
    query: Query,
    body: Bytes,
    caller: Arc<Caller>,
    request_id: &'a str,
}

impl Verified<'_> {
    fn context(&self, operation: &'static str) -> RequestContext {
        RequestContext {
            request_id: self.request_id.to_owned(),
            service: self.service,
            operation,
            caller: Arc::clone(&self.caller),
            device: None,
            peer: peer(&self.parts),
        }
    }
}

/// An operation that method and path name.
async fn rest_operation(
    plane: &Arc<ControlPlane>,
    offer: &rest::Offer,
    verified: Verified<'_>,
    trail: &mut Trail,
) -> Result<Response, ApiError> {
    let (operation, labels) = offer.find(&verified.parts.method, verified.parts.uri.path())?;
    let context = verified.context(operation.name);
    let Verified { parts, query, body, .. } = verified;
    let call = rest::Call::new(context, labels, query, parts.headers, body);
    trail.about(&call);
    Ok(run(plane, operation, call, trail).await?.into_response())
}

/// An operation that the parameter `Action` names.
async fn query_operation(
    plane: &Arc<ControlPlane>,
    offer: &query::Offer,
    verified: Verified<'_>,
    trail: &mut Trail,
) -> Result<Response, ApiError> {
    let parts = &verified.parts;
    // A GET with parameters in its query is AWS's as well; no client of today sends it.
    if parts.method != Method::POST || parts.uri.path() != "/" {
        return Err(ApiError::unknown_operation(&parts.method, parts.uri.path()));
    }
    let form = query::Form::read(&verified.body)?;
    let operation = offer.find(&form)?;
    let context = verified.context(operation.name);
    let (service, request_id) = (verified.service, verified.request_id);
    trail.about_form(service, operation.name, &form);
    let call = query::Call { context, form, found: Found::default() };
    let result = run(plane, operation, call, trail).await?;
    Ok(query::answer(service, operation.name, result, request_id))
}

/// Admits and authorizes a call, and runs its operation.
pub(crate) async fn run<C: RequestMembers, A>(
    plane: &Arc<ControlPlane>,
    operation: &Operation<C, A>,
    call: C,
    trail: &mut Trail,
) -> Result<A, ApiError> {
    let recording = trail.recording(&call.context().request_id, plane.now());
    let control = &match &call.context().device {
        Some(device) => plane.for_device(&recording, device.row),
        None => plane.recording(&recording),
    };
    let _permit = control.admission.admit()?;
    let call = authorize::call(control, call).await?;
    let RequestContext { request_id, service, operation: name, caller, device, .. } =
        call.context();
    control.admission.spend(*service, name, clock::monotonic_millis())?;
    let answer = operation.answer(control, &call).await?;
    match device {
        // As many as messages.
        Some(_) => {
            tracing::debug!(request_id, operation = name, principal = caller.arn, "answered");
        }
        None => tracing::info!(request_id, operation = name, principal = caller.arn, "answered"),
    }
    Ok(answer)
}

/// The operation of STS that the token in its form authenticates.
async fn web_identity(
    plane: &Arc<ControlPlane>,
    parts: &Parts,
    body: &[u8],
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response, ApiError> {
    let form = query::Form::read(body)?;
    let operation = sts::WITH_WEB_IDENTITY;
    if sts::OFFER.find(&form)?.name != operation {
        return Err(AuthError::Missing.into());
    }
    trail.about_form(Service::Sts, operation, &form);
    let recording = trail.recording(request_id, plane.now());
    let control = &plane.recording(&recording);
    let proven = {
        let _permit = control.admission.admit_unauthenticated()?;
        sts::WebIdentityProven::read(control, &form).await?
    };
    trail.principal = Some(proven.principal());
    recording.amend(|record| record.principal = proven.principal());
    let _permit = control.admission.admit()?;
    let trusted = proven.trusted(control, peer(parts)).await?;
    control.admission.spend(Service::Sts, operation, clock::monotonic_millis())?;
    let granted = trusted.open(control)?;
    tracing::info!(request_id, operation, principal = trail.principal.as_deref(), "answered");
    Ok(query::answer(Service::Sts, operation, granted, request_id))
}

/// A link to the console is opened: its token authenticates.
fn console_session(
    plane: &Arc<ControlPlane>,
    body: &[u8],
    request_id: &str,
    trail: &mut Trail,
) -> Result<Response, ApiError> {
    let operation = console::OPERATION;
    trail.about_own(operation);
    let _permit = plane.admission.admit()?;
    let opened = console::Opened::take(plane, body)?;
    trail.principal = Some(opened.principal());
    let control = plane.recording(&trail.recording(request_id, plane.now()));
    let granted = opened.answer(&control)?;
    tracing::info!(request_id, operation, principal = trail.principal.as_deref(), "answered");
    Ok(granted)
}

fn peer(parts: &Parts) -> Option<Peer> {
    parts.extensions.get().copied()
}
