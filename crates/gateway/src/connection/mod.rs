//! One connection, from its TLS handshake to its end.

mod admission;
mod entering;
mod first_packet;
mod open_peer;
mod peer;
mod shedding;

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::BytesMut;
use fleetwright_host::clock;
use fleetwright_mqtt::ConnectRequest;
use tokio::sync::watch;

use self::admission::admit;
use self::entering::{Arrived, enter};
use self::first_packet::{FirstPacket, first_packet};
use self::open_peer::Shown;
use self::peer::IdentifiedPeer;
pub(super) use self::peer::{AcceptedPeer, OpenPeer, Shows};
use super::Gateway;
use super::online::End;
use super::stream::{self, OverTls, Stream};
use crate::events::lifecycle::Connection;
use crate::https;
use crate::principal::PrincipalId;

/// Tells the story of a connection over TLS. Whatever ends it is logged here; nothing is returned.
pub(super) async fn serve(gateway: Arc<Gateway>, stream: OverTls, accepted: AcceptedPeer) {
    let (peer, shutdown) = (accepted.peer, accepted.shutdown.clone());
    // Boxed: a connection that idles keeps nothing of how it came in.
    let Some(arrived) = Box::pin(arrive(&gateway, stream, accepted)).await else { return };
    stay(gateway, arrived, peer, shutdown).await;
}

/// The same of a peer without a certificate, over TLS or WebSocket.
pub(super) async fn serve_open(gateway: Arc<Gateway>, stream: Stream, open: OpenPeer) {
    let (peer, shutdown) = (open.peer, open.shutdown.clone());
    let Some(arrived) = Box::pin(arrive_open(&gateway, stream, open)).await else { return };
    stay(gateway, arrived, peer, shutdown).await;
}

/// From CONNACK to the end.
async fn stay(
    gateway: Arc<Gateway>,
    arrived: Arrived,
    peer: SocketAddr,
    shutdown: watch::Receiver<bool>,
) {
    let (end, thing) = Box::pin(arrived.online.run(arrived.input, shutdown)).await;
    drop(arrived.entry);
    log_end(&end, &arrived.client_id, &arrived.principal);
    let ended = Connection {
        client_id: &arrived.client_id,
        thing: thing.as_ref(),
        principal: arrived.principal,
        number: arrived.number,
        address: peer.ip(),
    };
    let (by_client, now) = (matches!(end, End::Client), clock::now());
    gateway.counts.end(end.reason());
    gateway.last_ends.note(&arrived.client_id, now, end.reason());
    gateway.traces.note(&arrived.client_id, "server", || format!("disconnected: {end}"));
    gateway.tell(ended.disconnected(end.reason(), by_client, now)).await;
    let (client_id, presences) = (Arc::clone(&arrived.client_id), &gateway.presences);
    presences.disconnected(client_id, arrived.number, now, end.reason()).await;
}

/// From the handshake to CONNACK; `None` when it is refused, which was said and logged.
async fn arrive(
    gateway: &Arc<Gateway>,
    stream: OverTls,
    accepted: AcceptedPeer,
) -> Option<Arrived> {
    let AcceptedPeer { peer, https, entrance, slot, mut shutdown } = accepted;
    // 1. Who is it?
    let identified = IdentifiedPeer::identify(gateway, &stream, peer).await?;

    // 2. What does it want? Nothing but a CONNECT.
    let mut stream = Stream::Tls(stream);
    let principal = identified.principal.id();
    let arriving = identified.arriving(&principal);
    let mut input = BytesMut::new();
    let first =
        first_packet(gateway, &mut stream, &mut input, arriving, &slot, &mut shutdown).await?;
    let request = match first {
        FirstPacket::Connect(request) => request,
        FirstPacket::Http => {
            drop(identified);
            let (first, Stream::Tls(stream)) = (input, stream) else { return None };
            let arrived = https::Arrived { https, entrance, peer, stream, first, slot, shutdown };
            https::serve(Arc::clone(gateway), arrived).await;
            return None;
        }
    };
    drop(slot);
    admitted(gateway, stream, input, identified, request, shutdown).await
}

/// From the handshake or the upgrade to CONNACK; `None` when it is refused, which was said and logged.
async fn arrive_open(
    gateway: &Arc<Gateway>,
    mut stream: Stream,
    open: OpenPeer,
) -> Option<Arrived> {
    let OpenPeer { peer, server_name, shows, slot, mut shutdown } = open;
    let shown = Shown::attend(gateway, shows);
    if !shown.has_room_for(stream.may_hold()) {
        return None;
    }
    let mut input = BytesMut::new();
    let arriving = shown.arriving(peer);
    let first =
        first_packet(gateway, &mut stream, &mut input, arriving, &slot, &mut shutdown).await?;
    let FirstPacket::Connect(request) = first else { return None };
    drop(slot);
    match shown.identify(gateway, peer, server_name, request).await {
        Ok((identified, request)) => {
            admitted(gateway, stream, input, identified, request, shutdown).await
        }
        Err(connack) => {
            let _ = stream::write(&mut stream, &connack).await;
            None
        }
    }
}

/// From CONNECT to CONNACK; `None` when it is refused, which was said and logged.
async fn admitted(
    gateway: &Arc<Gateway>,
    mut stream: Stream,
    input: BytesMut,
    identified: IdentifiedPeer,
    request: Box<ConnectRequest>,
    mut shutdown: watch::Receiver<bool>,
) -> Option<Arrived> {
    let peer = identified.address;
    gateway.traces.note(&request.client_id, "in", || {
        let ConnectRequest { version, keep_alive, clean_start, .. } = &*request;
        format!(
            "CONNECT {version:?}, keep-alive {keep_alive} s, clean {clean_start}, from {peer}, \
             principal {}",
            identified.principal.id()
        )
    });

    // 3. May it?
    let local = stream.local_address();
    let entered = match admit(gateway, &identified, request).await {
        // 4. It is in the directory, until it ends.
        Ok(admitted) => enter(gateway, identified, admitted, local, &mut shutdown).await,
        Err(refusal) => Err(Some(refusal)),
    };
    match entered {
        Ok(entered) => Some(entered.accept(gateway, stream, input).await),
        Err(refusal) => {
            if let Some(connack) = refusal {
                let _ = stream::write(&mut stream, &connack).await;
            }
            None
        }
    }
}

fn log_end(end: &End, client_id: &str, principal: &PrincipalId) {
    tracing::info!(
        event = "Disconnect", client_id, %principal,
        reason = end.reason(), "disconnected: {end}"
    );
}
