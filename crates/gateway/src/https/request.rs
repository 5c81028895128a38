//! One request: who asks, and for what.

use std::net::SocketAddr;
use std::sync::Arc;

use fleetwright_core::limits::PAYLOAD_BYTES;
use fleetwright_core::policy::{BoundThing, Context};
use fleetwright_host::{clock, random};
use fleetwright_provisioning::Presented;
use http::header::HOST;
use http::{HeaderValue, Method, Request};
use hyper::body::{Body, Incoming};
use parking_lot::Mutex;
use rustls_pki_types::CertificateDer;

use super::refused::Refused;
use super::{Https, HttpsDevice, HttpsResponse, credentials, discovery};
use crate::entrance::{Entrance, Wanted};
use crate::mailbox::Mailbox;
use crate::{CertificatePrincipal, Door, Gateway, Upgrade, first_connection, identity, is_upgrade};

/// AWS's words for a certificate that is not one of this endpoint's.
const NOT_HERE: &str = "Certificate is invalid on this endpoint";

/// A connection as its requests see it.
pub(super) struct Client {
    pub(super) gateway: Arc<Gateway>,
    pub(super) https: Arc<Https>,
    pub(super) entrance: Entrance,
    pub(super) peer: SocketAddr,
    /// The server's name in TLS.
    pub(super) server_name: Option<String>,
    /// The certificate that the peer holds.
    pub(super) leaf: Option<CertificateDer<'static>>,
    /// The next certificate of its chain.
    pub(super) issuer: Option<CertificateDer<'static>>,
    /// What the connection makes the server hold is counted here.
    pub(super) mailbox: Option<Arc<Mailbox>>,
    pub(super) door: Door,
    /// What the connection becomes when HTTP lets it go.
    pub(super) upgrade: Mutex<Option<Upgrade>>,
}

/// Room for the body of a request; given back when dropped.
struct Room<'m> {
    mailbox: &'m Mailbox,
    bytes: usize,
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.mailbox.release(self.bytes);
    }
}

/// What a path names.
enum Path<'p> {
    /// `/role-aliases/{alias}/credentials`
    Credentials(&'p str),
    /// `/greengrass/discover/thing/{thing}`
    Discovery(&'p str),
    Other,
}

impl<'p> Path<'p> {
    fn read(path: &'p str) -> Self {
        let credentials = path.strip_prefix("/role-aliases/");
        if let Some(alias) = credentials.and_then(|rest| rest.strip_suffix("/credentials")) {
            return Self::Credentials(alias);
        }
        match path.strip_prefix("/greengrass/discover/thing/") {
            Some(thing) if !thing.contains('/') => Self::Discovery(thing),
            _ => Self::Other,
        }
    }
}

impl Client {
    /// Answers one request.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> HttpsResponse {
        if is_upgrade(request.uri().path()) && self.entrance.upgrades() {
            let answer = self.https.web_sockets.answer(request, self.door.clone());
            let (response, upgrade) = Box::pin(answer).await;
            *self.upgrade.lock() = upgrade;
            return response;
        }
        let request_id = random::request_id();
        let answered = Box::pin(self.outcome(request, &request_id)).await;
        let mut response = answered.unwrap_or_else(|refused| {
            let peer = self.peer;
            match refused.fault() {
                Some(fault) => {
                    let what = "an HTTPS request could not be answered";
                    tracing::error!(%peer, request_id, fault, "{what}");
                }
                None => tracing::info!(%peer, request_id, ?refused, "HTTPS request refused"),
            }
            refused.response()
        });
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        response
    }

    async fn outcome(
        &self,
        request: Request<Incoming>,
        request_id: &str,
    ) -> Result<HttpsResponse, Refused> {
        // 1. Who asks?
        let principal = self.principal().await?;
        let _room = self.room(&request)?;
        // 2. For what, and is that here?
        let path = request.uri().path().to_owned();
        let path = Path::read(&path);
        let wanted = match path {
            Path::Credentials(_) => Wanted::Credentials,
            Path::Discovery(_) | Path::Other => Wanted::DataPlane,
        };
        let name = self.server_name.as_deref();
        if !self.entrance.offers(wanted, name, &self.https.names) {
            return Err(Refused::not_found("This endpoint does not serve this path"));
        }
        if matches!(path, Path::Credentials(_) | Path::Discovery(_))
            && request.method() != Method::GET
        {
            return Err(Refused::method("The method of this path is GET"));
        }
        let device = |policies| HttpsDevice {
            principal: Arc::clone(&principal),
            policies,
            source_ip: self.peer.ip(),
            domain_name: self.domain_name(&request),
            request_id: request_id.to_owned(),
        };
        match path {
            Path::Credentials(alias) => {
                let asked = credentials::Asked::read(alias, request.headers())?;
                let found =
                    self.gateway.policies.of_request(&principal, asked.thing.as_ref()).await?;
                let device = device(found.policies);
                credentials::answer(self, &device, asked, found.thing).await
            }
            Path::Discovery(thing) => {
                let found = self.gateway.policies.of_request(&principal, None).await?;
                discovery::answer(self, &device(found.policies), thing)
            }
            Path::Other => {
                let found = self.gateway.policies.of_request(&principal, None).await?;
                let device = device(found.policies);
                Ok((self.https.data_plane)(request, device).await)
            }
        }
    }

    /// Room for the body of a request.
    fn room(&self, request: &Request<Incoming>) -> Result<Option<Room<'_>>, Refused> {
        let Some(mailbox) = self.mailbox.as_deref() else { return Ok(None) };
        let announced = request.body().size_hint().upper();
        let bytes = announced.and_then(|bytes| usize::try_from(bytes).ok());
        // A larger one is refused when so much of it was read.
        let bytes = bytes.unwrap_or(PAYLOAD_BYTES).min(PAYLOAD_BYTES);
        match mailbox.reserve(bytes) {
            true => Ok(Some(Room { mailbox, bytes })),
            false => Err(Refused::busy("The server has no room for this request now")),
        }
    }

    /// The principal of the certificate, if it is registered and ACTIVE at this moment.
    async fn principal(&self) -> Result<Arc<CertificatePrincipal>, Refused> {
        let Some(leaf) = self.leaf.clone() else {
            return Err(Refused::access_denied("A client certificate is required"));
        };
        let id = fleetwright_ca::certificate_id(&leaf);
        let named = self.server_name.is_some();
        let presented = Presented {
            leaf: leaf.to_vec(),
            ca: self.issuer.as_ref().map(|issuer| issuer.to_vec()),
            server_name: named,
        };
        match identity::identify(&self.gateway.store, id, leaf, named).await {
            Ok(principal) => Ok(principal),
            Err(unauthenticated) => {
                // It may be a device's first connection, as over MQTT.
                first_connection::meet(&self.gateway, &unauthenticated, presented, self.peer).await;
                Err(Refused::access_denied(NOT_HERE))
            }
        }
    }

    /// The server's name, of TLS or else of the request.
    fn domain_name(&self, request: &Request<Incoming>) -> Option<String> {
        let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
        let host = host.and_then(|host| host.split(':').next()).map(str::to_owned);
        self.server_name.clone().or(host)
    }
}

impl HttpsDevice {
    /// What policies may ask of the request.
    pub(super) fn context<'a>(&'a self, thing: Option<&'a BoundThing>) -> Context<'a> {
        Context {
            source_ip: Some(self.source_ip),
            domain_name: self.domain_name.as_deref(),
            certificate_id: Some(&self.principal.id),
            certificate: Some(self.principal.facts()),
            thing,
            is_attached: thing.map(|_| true),
            now: Some(clock::now()),
            ..Context::default()
        }
    }
}

/// A segment of a path without its percent encoding; `None` when it is not UTF-8.
pub(super) fn decoded(segment: &str) -> Option<String> {
    let decoded = percent_encoding::percent_decode_str(segment).decode_utf8();
    decoded.ok().map(|text| text.into_owned())
}
