//! From a request of HTTP to a connection of MQTT: who asks, the answer, and what comes then.

use std::net::SocketAddr;
use std::sync::Arc;

use fleetwright_core::authorizer::TlsData;
use fleetwright_core::error::Refusal;
use fleetwright_core::time::Timestamp;
use fleetwright_host::graceful_close::{GracefulStream, OpenGuard};
use fleetwright_host::slots::Slot;
use fleetwright_host::{clock, random};
use fleetwright_provisioning::authorizers::{Endpoint, NotLetIn};
use http::request::Parts;
use http::{HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::sync::watch;

use super::frames::WebSocket;
use super::handshake::{self, Refused};
use crate::callers::{Callers, NotVerified};
use crate::connection::{self, OpenPeer, Shows};
use crate::custom::{self, Evidence};
use crate::listener;
use crate::stream::Stream;
use crate::{Gateway, HttpsResponse};

/// The path. AWS: guide, "MQTT over WebSocket protocol".
const PATH: &str = "/mqtt";
/// Longest connection of a caller of IAM, milliseconds. AWS: guide, "Quotas", 24 hours.
const LONGEST_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Where requests of an upgrade come in.
#[derive(Debug, Clone)]
pub struct Door {
    /// The peer's address.
    pub peer: SocketAddr,
    /// The address that it connected to.
    pub local: Option<SocketAddr>,
    /// Whether it came over TLS.
    pub tls: bool,
    /// The server's name in TLS.
    pub server_name: Option<String>,
    /// Held until the connection is closed.
    pub open: OpenGuard,
}

/// Upgrades requests.
pub struct WebSockets {
    gateway: Arc<Gateway>,
    callers: Arc<dyn Callers>,
}

/// A connection that is to be upgraded once its answer is sent.
pub struct Upgrade {
    gateway: Arc<Gateway>,
    upgraded: OnUpgrade,
    shows: Shows,
    door: Door,
}

/// Whether a path is that of MQTT over WebSocket.
pub fn is_upgrade(path: &str) -> bool {
    path == PATH
}

impl WebSockets {
    /// For the connections of a gateway; `callers` knows who signs.
    pub fn new(gateway: Arc<Gateway>, callers: Arc<dyn Callers>) -> Self {
        Self { gateway, callers }
    }

    /// Answers a request of an upgrade. With [`Upgrade`], the connection is to be handed to it as soon
    /// as HTTP has let it go.
    pub async fn answer(
        &self,
        request: Request<Incoming>,
        door: Door,
    ) -> (HttpsResponse, Option<Upgrade>) {
        let request_id = random::request_id();
        let peer = door.peer;
        let (mut response, upgrade) = match self.upgrade(request, door).await {
            Ok((response, upgrade)) => (response, Some(upgrade)),
            Err(refused) => {
                tracing::info!(
                    event = "Connection.AuthNError", %peer, request_id, status = %refused.status,
                    "an upgrade to WebSocket is refused: {}", refused.message
                );
                self.gateway.counts.unauthenticated.rise();
                (refused.response(&request_id), None)
            }
        };
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-amzn-requestid", id);
        }
        (response, upgrade)
    }

    async fn upgrade(
        &self,
        mut request: Request<Incoming>,
        mut door: Door,
    ) -> Result<(HttpsResponse, Upgrade), Refused> {
        let upgraded = hyper::upgrade::on(&mut request);
        let (parts, _) = request.into_parts();
        let agreed = handshake::read(&parts)?;
        let caller = self.callers.verify(&parts, door.peer.ip(), door.tls).await;
        let shows = match caller {
            Ok(caller) => {
                let longest = Timestamp(clock::now().0.saturating_add(LONGEST_MILLIS));
                let until = caller.expires().map_or(longest, |expires| expires.min(longest));
                Shows::Signature(caller, until)
            }
            Err(NotVerified::Unsigned) => self.without_signature(&parts, &door).await?,
            Err(NotVerified::Refused(message)) => {
                return Err(Refused::new(StatusCode::FORBIDDEN, message));
            }
            Err(NotVerified::Unknown(refusal)) => return Err(unavailable(&refusal)),
        };
        if door.server_name.is_none() {
            let host = parts.headers.get("host").and_then(|host| host.to_str().ok());
            let name = host.and_then(|host| host.split(':').next());
            door.server_name = name.map(str::to_owned);
        }
        let gateway = Arc::clone(&self.gateway);
        Ok((agreed.response(), Upgrade { gateway, upgraded, shows, door }))
    }
}

impl WebSockets {
    /// What a request shows that is not signed: that an authorizer lets it in, or that one may when it
    /// says CONNECT.
    async fn without_signature(&self, parts: &Parts, door: &Door) -> Result<Shows, Refused> {
        let authorizers = self.gateway.provisioning.authorizers();
        let server_name = door.server_name.clone();
        let tls = door.tls.then(|| TlsData { server_name, ..TlsData::default() });
        let evidence = Evidence::of_request(parts, tls, Endpoint::default());
        if !evidence.names_an_authorizer() {
            let are_there = authorizers.are_there().await;
            return match are_there.map_err(|error| unavailable(&error.into()))? {
                true => Ok(Shows::Evidence(evidence)),
                false => Err(unsigned()),
            };
        }
        let let_in = custom::at_upgrade(authorizers, evidence).await;
        let_in.map(Shows::LetIn).map_err(|why| match why {
            NotLetIn::None => unsigned(),
            NotLetIn::Registry(refusal) => unavailable(&refusal),
            NotLetIn::NotAsked(_) | NotLetIn::Refused(_) => {
                tracing::warn!(
                    event = "Connection.AuthNError", reason = "CUSTOM_AUTHORIZER",
                    peer = %door.peer, "refused: {why}"
                );
                Refused::new(StatusCode::FORBIDDEN, "No authorizer lets you in")
            }
        })
    }
}

fn unsigned() -> Refused {
    let message = "Missing Authentication Token: sign the request for iotdevicegateway with \
                   Signature Version 4";
    Refused::new(StatusCode::UNAUTHORIZED, message)
}

fn unavailable(refusal: &Refusal) -> Refused {
    tracing::error!(%refusal, "cannot look up who asks for an upgrade");
    Refused::new(StatusCode::SERVICE_UNAVAILABLE, "The server cannot look you up now")
}

impl Upgrade {
    /// Serves a connection that has no place among `max-connections` yet, to its end.
    pub async fn run_in_place(self, slot: Arc<Slot>, shutdown: watch::Receiver<bool>) {
        let place = listener::place(&self.gateway, self.door.peer, &slot, shutdown.clone());
        let Some(_place) = place.await else { return };
        self.run(slot, shutdown).await;
    }

    /// Serves the connection to its end.
    pub(crate) async fn run(self, slot: Arc<Slot>, shutdown: watch::Receiver<bool>) {
        let Self { gateway, upgraded, shows, door } = self;
        let Door { peer, local, server_name, open, .. } = door;
        let Ok(connection) = upgraded.await else { return };
        // The largest packet in a message of its own.
        let bound = gateway.limits.packet_bytes;
        let frames = WebSocket::new(connection, local, bound).await;
        let stream = Stream::WebSocket(GracefulStream::new(Box::new(frames), open));
        let peer = OpenPeer { peer, server_name, shows, slot, shutdown };
        connection::serve_open(gateway, stream, peer).await;
    }
}
