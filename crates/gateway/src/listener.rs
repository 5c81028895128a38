//! Accepts connections: a slot, a TLS handshake with a client certificate, then a task.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use fleetwright_core::authorizer::TlsData;
use fleetwright_core::policy::Network;
use fleetwright_host::graceful_close::{self, GracefulStream, OpenGuard};
use fleetwright_host::proxy_protocol;
use fleetwright_host::slots::{Slot, Slots};
use fleetwright_host::tls::{self, AcceptError, GatewayTls, Terms};
use fleetwright_provisioning::authorizers::Endpoint;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::task::JoinSet;

use super::Gateway;
use super::connection::{self, AcceptedPeer, OpenPeer, Shows};
use super::custom::Evidence;
use super::entrance::{Entrance, Listener, Speaks};
use super::https::{self, Https};
use super::probes::Probes;
use super::stream::{OverTls, Stream};

/// Longest TLS handshake. (ours)
const HANDSHAKE_PATIENCE: Duration = Duration::from_secs(15);
/// Longest wait for a place among `max-connections`. (ours)
const PLACE_PATIENCE: Duration = Duration::from_secs(15);
/// Pause after an accept that failed, for instance for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Longest wait for connections to end when the server stops: provisioning requests under way take
/// their time, all else ends at once. (ours)
const DRAIN_PATIENCE: Duration = Duration::from_secs(15);

/// What every listener of the gateway shares.
struct Doors {
    gateway: Arc<Gateway>,
    config: GatewayTls,
    https: Arc<Https>,
    api: Arc<str>,
    half_open: Arc<Slots>,
    open: OpenGuard,
    probes: Probes,
    /// Load balancers.
    proxies: Vec<Network>,
    shutdown: watch::Receiver<bool>,
}

/// Accepts until `shutdown` turns true, then waits for the connections to end. `api` is where the
/// control plane listens, for clients without TLS that look for it here.
pub async fn listen(
    gateway: Arc<Gateway>,
    listeners: Vec<Listener>,
    config: GatewayTls,
    https: Https,
    api: SocketAddr,
    shutdown: watch::Receiver<bool>,
) {
    let settings = &gateway.settings;
    let half_open = Slots::new(settings.half_open().within_open_files());
    let (open, ended) = graceful_close::guard();
    let api = api.to_string().into();
    let probes = Probes::default();
    let proxies = gateway.settings.proxies();
    let https = Arc::new(https);
    let doors = Doors { gateway, config, https, api, half_open, open, probes, proxies, shutdown };
    let doors = Arc::new(doors);
    let mut accepting = JoinSet::new();
    for listener in listeners {
        accepting.spawn(accept(Arc::clone(&doors), listener));
    }
    drop(doors);
    while accepting.join_next().await.is_some() {}
    if tokio::time::timeout(DRAIN_PATIENCE, ended.wait()).await.is_err() {
        tracing::warn!("some connections did not end in time");
    }
}

async fn accept(doors: Arc<Doors>, listener: Listener) {
    let mut shutdown = doors.shutdown.clone();
    let Listener { socket: listener, serves } = listener;
    let entrance = Entrance::of(serves, listener.local_addr().ok());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        let (tcp, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::error!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let slot = tokio::select! {
            slot = doors.half_open.take(peer.ip()) => slot,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        tokio::spawn(handle(Arc::clone(&doors), entrance, tcp, peer, slot));
    }
}

async fn handle(
    doors: Arc<Doors>,
    entrance: Entrance,
    tcp: TcpStream,
    peer: SocketAddr,
    slot: Slot,
) {
    let Some((tcp, peer)) = passed_on(&doors, tcp, peer, &slot).await else { return };
    // Boxed: what only the handshake needs is given back when it ends.
    let shaken = Box::pin(handshake(&doors, entrance, tcp, peer, &slot)).await;
    let Some(stream) = shaken else { return };
    let shutdown = doors.shutdown.clone();
    let Some(_place) = place(&doors.gateway, peer, &slot, shutdown).await else { return };
    let (https, shutdown) = (Arc::clone(&doors.https), doors.shutdown.clone());
    let gateway = Arc::clone(&doors.gateway);
    drop(doors);
    let speaks = entrance.speaks(stream.get_ref().1.alpn_protocol());
    if speaks == Speaks::Custom {
        let server_name = stream.get_ref().1.server_name().map(str::to_owned);
        let tls = TlsData { server_name: server_name.clone(), ..TlsData::default() };
        let shows = Shows::Evidence(Evidence::of_tls(tls, Endpoint::default()));
        let slot = Arc::new(slot);
        let open = OpenPeer { peer, server_name, shows, slot, shutdown };
        return connection::serve_open(gateway, Stream::Tls(stream), open).await;
    }
    if speaks == Speaks::Http {
        let first = BytesMut::new();
        let arrived = https::Arrived { https, entrance, peer, stream, first, slot, shutdown };
        return Box::pin(https::serve(gateway, arrived)).await;
    }
    let accepted = AcceptedPeer { peer, https, entrance, slot, shutdown };
    connection::serve(gateway, stream, accepted).await;
}

/// The peer behind a load balancer; the connection's own peer where it comes from none.
async fn passed_on(
    doors: &Doors,
    mut tcp: TcpStream,
    peer: SocketAddr,
    slot: &Slot,
) -> Option<(TcpStream, SocketAddr)> {
    if !doors.proxies.iter().any(|network| network.contains(peer.ip())) {
        return Some((tcp, peer));
    }
    let mut shutdown = doors.shutdown.clone();
    let read = tokio::select! {
        biased;
        read = tokio::time::timeout(HANDSHAKE_PATIENCE, proxy_protocol::read(&mut tcp)) => read.ok()?,
        () = slot.evicted() => return None,
        _ = shutdown.wait_for(|stop| *stop) => return None,
    };
    match read {
        Ok(named) => {
            slot.received();
            Some((tcp, named.unwrap_or(peer)))
        }
        Err(why) => {
            tracing::warn!(event = "Connection.AuthNError", %peer, "refused: {why}");
            None
        }
    }
}

async fn handshake(
    doors: &Doors,
    entrance: Entrance,
    tcp: TcpStream,
    peer: SocketAddr,
    slot: &Slot,
) -> Option<OverTls> {
    let _ = tcp.set_nodelay(true);
    let (config, api, open) = (doors.config.clone(), Arc::clone(&doors.api), doors.open.clone());
    let terms =
        Terms { config, open_to: entrance.open_to(), custom: entrance.takes_custom(), api, open };
    let accepting = tls::accept(&terms, tcp, || slot.received());
    let mut shutdown = doors.shutdown.clone();
    // What the peer sent comes first: who spoke is not silent.
    let accepted = tokio::select! {
        biased;
        accepted = tokio::time::timeout(HANDSHAKE_PATIENCE, accepting) => accepted,
        () = slot.evicted() => return None,
        _ = shutdown.wait_for(|stop| *stop) => return None,
    };
    match accepted {
        Ok(Ok(stream)) => Some(GracefulStream::new(Box::new(stream), doors.open.clone())),
        Ok(Err(AcceptError::PeerGone)) => None,
        Ok(Err(AcceptError::NoCertificate(why))) => {
            match doors.probes.tell(peer.ip(), Instant::now()) {
                Some(untold) => tracing::warn!(
                    event = "Connection.AuthNError", %peer, untold,
                    "TLS handshake failed: {why}. Of this address, further ones are told once an hour"
                ),
                None => tracing::debug!(%peer, "TLS handshake failed: {why}"),
            }
            None
        }
        Ok(Err(AcceptError::Refused(why))) => {
            tracing::warn!(
                event = "Connection.AuthNError", %peer,
                "TLS handshake failed: {why}"
            );
            None
        }
        Err(_) => {
            tracing::info!(
                %peer, "no TLS handshake within {} seconds", HANDSHAKE_PATIENCE.as_secs()
            );
            None
        }
    }
}

/// A place among `max-connections`.
pub(super) async fn place(
    gateway: &Gateway,
    peer: SocketAddr,
    slot: &Slot,
    mut shutdown: watch::Receiver<bool>,
) -> Option<OwnedSemaphorePermit> {
    let free = Arc::clone(&gateway.places).acquire_owned();
    let free = tokio::select! {
        biased;
        free = tokio::time::timeout(PLACE_PATIENCE, free) => free,
        () = slot.evicted() => return None,
        _ = shutdown.wait_for(|stop| *stop) => return None,
    };
    if free.is_err() {
        tracing::warn!(
            %peer,
            "refused: there are {} connections, as many as max-connections of [mqtt] allows",
            gateway.settings.max_connections
        );
    }
    free.ok()?.ok()
}
