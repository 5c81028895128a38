//! HTTPS with a client certificate: the credentials provider, and the data plane under the device's
//! own policies. Certificate and policies are looked up for every request.

mod credentials;
mod discovery;
mod refused;
mod request;
mod serve;

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use fleetwright_core::policy::AttachedPolicy;
use fleetwright_provisioning::credentials::CredentialsProvider;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
pub(super) use serve::{Arrived, serve};

use crate::entrance::EndpointNames;
use crate::{CertificatePrincipal, WebSockets};

/// What is answered.
pub type HttpsResponse = Response<Full<Bytes>>;

/// Answers a request of the data plane for a device.
pub type DataPlane = Box<
    dyn Fn(Request<Incoming>, HttpsDevice) -> Pin<Box<dyn Future<Output = HttpsResponse> + Send>>
        + Send
        + Sync,
>;

/// The device behind a request.
#[derive(Debug, Clone)]
pub struct HttpsDevice {
    /// Its certificate, which is ACTIVE.
    pub principal: Arc<CertificatePrincipal>,
    /// The policies in force.
    pub policies: Box<[AttachedPolicy]>,
    /// Where the request comes from.
    pub source_ip: IpAddr,
    /// The server's name, of TLS or of the request.
    pub domain_name: Option<String>,
    /// The id of the request.
    pub request_id: String,
}

/// What HTTPS is served with.
pub struct Https {
    /// Gives credentials.
    pub credentials: Arc<CredentialsProvider>,
    /// Answers everything else.
    pub data_plane: DataPlane,
    /// Upgrades to MQTT over WebSocket.
    pub web_sockets: Arc<WebSockets>,
    /// The endpoints' names.
    pub names: EndpointNames,
}
