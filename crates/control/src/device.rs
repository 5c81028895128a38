//! The data plane for devices, which present their certificate in TLS instead of a signature: the same
//! operations, under the policies of the certificate. AWS: guide, "HTTP", "Device communication
//! protocols".

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use fleetwright_access::caller::Caller;
use fleetwright_core::limits::PAYLOAD_BYTES;
use fleetwright_installation::audit::DENIED;
use http::Request;
use http::request::Parts;
use serde_json::{Map, Value};

use crate::auth::Query;
use crate::authorize::{DeviceCaller, Peer, RequestContext};
use crate::body::{BodyBound, read_body};
use crate::door::run;
use crate::error::{ApiError, ErrorKind};
use crate::plane::ControlPlane;
use crate::rest::{self, error_type, json_response};
use crate::service::Service;
use crate::trail::Trail;
use crate::{iot_data, iot_jobs_data};

/// The services whose operations devices may call. There is no signing name to tell them apart: the
/// first that knows the path is meant.
static PLANES: &[(Service, &rest::Offer)] =
    &[(Service::IotData, &iot_data::OFFER), (Service::IotJobsData, &iot_jobs_data::OFFER)];
/// Where a client is to look for a path that is none of the data plane's.
const ELSEWHERE: &str =
    " Certificates open the data plane; the control plane is at api-listen, for signed requests.";

/// Answers a device's request. What its policies deny is in the audit trail, and what changes
/// something; messages are not, as they are not over MQTT.
pub async fn answer_device(
    control: Arc<ControlPlane>,
    device: DeviceCaller,
    request: Request<Body>,
) -> Response {
    let (parts, body) = request.into_parts();
    let device = Arc::new(device);
    let caller = Arc::new(Caller::certificate(&control.scope, &device.certificate));
    let mut trail = Trail::from(Some(Peer { address: device.source_ip, tls: true }));
    trail.principal = Some(caller.arn.clone());
    let meant = meant(&parts);
    let service = meant.0;
    let outcome = serve(&control, &device, caller, meant, parts, body, &mut trail).await;
    let record = trail.record(&outcome, service, &device.request_id, control.now());
    if let Some(record) = record.filter(|record| record.outcome == DENIED) {
        control.audit.record(record).await;
    }
    outcome.unwrap_or_else(|error| {
        error.log(service, &device.request_id);
        refuse(&error, service, &device.request_id)
    })
}

/// The service that a request means; the first for a path that none knows.
fn meant(parts: &Parts) -> (Service, &'static rest::Offer) {
    let unknown = |error: &ApiError| error.kind == ErrorKind::UnknownOperation;
    let knows = |offer: &rest::Offer| match offer.find(&parts.method, parts.uri.path()) {
        Ok(_) => true,
        Err(error) => !unknown(&error),
    };
    let found = PLANES.iter().find(|(_, offer)| knows(offer));
    found.copied().unwrap_or((Service::IotData, &iot_data::OFFER))
}

async fn serve(
    control: &Arc<ControlPlane>,
    device: &Arc<DeviceCaller>,
    caller: Arc<Caller>,
    (service, offer): (Service, &'static rest::Offer),
    parts: Parts,
    body: Body,
    trail: &mut Trail,
) -> Result<Response, ApiError> {
    let found = offer.find(&parts.method, parts.uri.path());
    let (operation, labels) = found.map_err(|mut error| {
        if error.kind == ErrorKind::UnknownOperation {
            error.message.push_str(ELSEWHERE);
        }
        error
    })?;
    let query = Query::parse(parts.uri.query().unwrap_or_default())?;
    let read = read_body(body, &BodyBound::up_to(PAYLOAD_BYTES)).await?;
    let context = RequestContext {
        request_id: device.request_id.clone(),
        service,
        operation: operation.name,
        caller,
        device: Some(Arc::clone(device)),
        peer: Some(Peer { address: device.source_ip, tls: true }),
    };
    let call = rest::Call::new(context, labels, query, parts.headers, read.bytes.clone());
    trail.about(&call);
    Ok(run(control, operation, call, trail).await?.into_response())
}

/// An error in the shape of the gateway: with the id of the request beside the message.
fn refuse(error: &ApiError, service: Service, request_id: &str) -> Response {
    let mut body = Map::new();
    body.insert("message".into(), error.message.as_str().into());
    body.insert("traceId".into(), request_id.into());
    let response = json_response(error.status(service), &Value::Object(body));
    error_type(response, error.name(service))
}
