//! From the gateway's HTTPS to the control plane's operations of the data plane.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use fleetwright_control::{ControlPlane, DeviceCaller, answer_device};
use fleetwright_gateway::{HttpsDevice, HttpsResponse};
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;

/// Bytes of an answer, at most: of a page of a list. (ours)
const ANSWER_BYTES: usize = 16 * 1024 * 1024;

/// Answers a device's request of the data plane.
pub(crate) async fn data_plane(
    control: Arc<ControlPlane>,
    request: Request<Incoming>,
    device: HttpsDevice,
) -> HttpsResponse {
    let HttpsDevice { principal, policies, source_ip, domain_name, request_id } = device;
    let (certificate, facts) = (principal.id, principal.facts().clone());
    let row = principal.row;
    let caller =
        DeviceCaller { certificate, row, facts, policies, source_ip, domain_name, request_id };
    let (parts, body) = answer_device(control, caller, request.map(Body::new)).await.into_parts();
    match to_bytes(body, ANSWER_BYTES).await {
        Ok(bytes) => Response::from_parts(parts, Full::new(bytes)),
        Err(error) => {
            tracing::error!(%error, "an answer of the data plane is too large");
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response
        }
    }
}
