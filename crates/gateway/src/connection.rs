//! One connection, from its TLS handshake to its end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::rand;
use bytes::BytesMut;
use fleetwright_core::certificate::CertificateId;
use fleetwright_host::slots::Slot;
use fleetwright_host::{clock, tls};
use fleetwright_mqtt::{Accept, ConnectRefusal, ConnectRequest, Farewell, Opened, Opening};
use fleetwright_provisioning::Presented;
use fleetwright_store::ConnectionFacts;
use tokio::sync::watch;

use super::directory::Entry;
use super::identity::{self, Principal};
use super::mailbox::{Holding, Mailbox};
use super::online::{Asked, Connected, End, Online};
use super::sessions::NoSession;
use super::stream::{self, Stream};
use super::{Gateway, authorize, first_connection, topics};
use crate::entrance::Entrance;
use crate::events::lifecycle::Connection;
use crate::https::{self, Https};
use crate::rights::Rights;

/// Time from the end of the TLS handshake to a whole CONNECT. (ours)
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);

/// A connection after its handshake.
pub(super) struct AcceptedPeer {
    pub(super) peer: SocketAddr,
    /// What HTTPS is served with, for those who speak it.
    pub(super) https: Arc<Https>,
    pub(super) entrance: Entrance,
    /// Its slot, until it has said CONNECT.
    pub(super) slot: Slot,
    pub(super) shutdown: watch::Receiver<bool>,
}

/// Tells one connection's story. Whatever ends it is logged here; nothing is returned.
pub(super) async fn serve(gateway: Arc<Gateway>, stream: Stream, accepted: AcceptedPeer) {
    let (peer, shutdown) = (accepted.peer, accepted.shutdown.clone());
    // Boxed: a connection that idles keeps nothing of how it came in.
    let Some(arrived) = Box::pin(arrive(&gateway, stream, accepted)).await else { return };
    let (end, thing) = Box::pin(arrived.online.run(arrived.input, shutdown)).await;
    drop(arrived.entry);
    log_end(&end, &arrived.client_id, &arrived.certificate);
    let ended = Connection {
        client_id: &arrived.client_id,
        thing: thing.as_ref(),
        certificate: arrived.certificate,
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

/// A connection that came in: it is in the directory, and may begin.
struct Arrived {
    /// Boxed: a future keeps room for whatever passes through it.
    online: Box<Online>,
    /// What the device sent behind its CONNECT.
    input: BytesMut,
    entry: Entry,
    client_id: Arc<str>,
    certificate: CertificateId,
    number: u64,
}

/// From the handshake to CONNACK; `None` when it is refused, which was said and logged.
async fn arrive(
    gateway: &Arc<Gateway>,
    mut stream: Stream,
    accepted: AcceptedPeer,
) -> Option<Arrived> {
    let AcceptedPeer { peer, https, entrance, slot, mut shutdown } = accepted;
    // 1. Who is it?
    let (_, tls) = stream.get_ref();
    let server_name = tls.server_name().map(str::to_owned);
    let leaf = tls.peer_certificates()?.first()?.clone().into_owned();
    let named = server_name.is_some();
    let id = fleetwright_ca::certificate_id(&leaf);
    // In the directory before the registry is asked: see `standing`.
    let attendance = gateway.directory.attend(id);
    let standing = Arc::clone(&attendance.standing);
    let principal = match identity::identify(&gateway.store, id, leaf, named).await {
        Ok(principal) => principal,
        Err(unauthenticated) => {
            gateway.counts.unauthenticated.rise();
            let presented = presented(&stream, named)?;
            first_connection::meet(gateway, &unauthenticated, presented, peer).await;
            return None;
        }
    };
    if let Some(held) = &principal.held {
        standing.ends_at(held.until);
    }

    // 2. What does it want? Nothing but a CONNECT.
    let mut input = BytesMut::new();
    let opening = open(gateway, &mut stream, &mut input, &attendance.mailbox);
    slot.received();
    let opened = tokio::select! {
        biased;
        _ = standing.ended() => {
            switched_off(&principal, peer);
            return None;
        }
        opened = tokio::time::timeout(CONNECT_PATIENCE, opening) => opened,
        () = slot.evicted() => return None,
        _ = shutdown.wait_for(|stop| *stop) => return None,
    };
    let request = match opened {
        Ok(Ok(request)) => request,
        Ok(Err(ConnectError::Lost)) => return None,
        Ok(Err(ConnectError::Http)) => {
            drop(attendance);
            let first = input;
            let arrived = https::Arrived { https, entrance, peer, stream, first, slot, shutdown };
            https::serve(Arc::clone(gateway), arrived).await;
            return None;
        }
        Ok(Err(ConnectError::Refused(farewell))) => {
            tracing::warn!(
                %peer, principal = %principal.id, client_id = farewell.client_id.as_deref(),
                clause = farewell.clause, reason = farewell.reason, "CONNECT refused"
            );
            let _ = stream::write(&mut stream, &farewell.bytes).await;
            return None;
        }
        Err(_) => {
            let seconds = CONNECT_PATIENCE.as_secs();
            tracing::info!(%peer, principal = %principal.id, "no CONNECT within {seconds} seconds");
            return None;
        }
    };
    drop(slot);
    gateway.traces.note(&request.client_id, "in", || {
        let ConnectRequest { version, keep_alive, clean_start, .. } = &*request;
        format!(
            "CONNECT {version:?}, keep-alive {keep_alive} s, clean {clean_start}, from {peer}, \
             certificate {}",
            principal.id
        )
    });

    if let Some(will) = &request.will
        && let Err(reason) = topics::check_will(will)
    {
        tracing::warn!(
            event = "Connect", status = "Failure", client_id = %request.client_id,
            principal = %principal.id, %peer, topic = %will.topic, "CONNECT refused: the will's {reason}"
        );
        let bytes =
            request.refuse(ConnectRefusal::TopicNameInvalid, &format!("the will's {reason}"));
        let _ = stream::write(&mut stream, &bytes).await;
        return None;
    }

    // 3. May it?
    let (rights, assigned) = match rights(gateway, &principal, &request, peer, server_name).await {
        Ok(found) => found,
        Err(refused) => {
            let bytes = request.refuse(refused, "the server cannot look up your rights now");
            let _ = stream::write(&mut stream, &bytes).await;
            return None;
        }
    };
    let authorized = match authorize::connect(&rights, request) {
        Ok(authorized) => authorized,
        Err(refused) => {
            let (request, denied) = *refused;
            denied.tell(&gateway.traces, &rights);
            gateway.counts.denied.rise();
            if let Some(number) = gateway.numbers.draw() {
                gateway.tell(rights.connection(number.0).connect_failed(clock::now())).await;
            }
            let bytes = request.refuse(ConnectRefusal::NotAuthorized, &denied.reason_string());
            let _ = stream::write(&mut stream, &bytes).await;
            return None;
        }
    };

    // 4. It is online, until it ends; unless there is no room for its will, or its certificate was switched off meanwhile.
    let client_id: Arc<str> = rights.client_id().into();
    let since = clock::now();
    let mailbox = Arc::clone(&attendance.mailbox);
    mailbox.belongs_to(Arc::clone(&client_id));
    let will = authorized.get().will.as_ref().map_or(0, |will| will.bytes());
    if !mailbox.reserve(will) {
        let reason = "the server has no room for more wills";
        let bytes = authorized.into_inner().refuse(ConnectRefusal::QuotaExceeded, reason);
        let _ = stream::write(&mut stream, &bytes).await;
        return None;
    }
    tokio::select! {
        () = gateway.numbers.available() => {}
        _ = shutdown.wait_for(|stop| *stop) => return None,
    }
    let enter = || attendance.enter(|| gateway.numbers.draw(), Arc::clone(&client_id), since);
    let (entry, took_over) = match standing.act(enter) {
        Ok(Some(entered)) => entered,
        Ok(None) => {
            let reason = "no number for the connection can be reserved in the registry";
            tracing::error!(event = "Connect", status = "Failure", %client_id, %peer, "refused: {reason}");
            let bytes = authorized.into_inner().refuse(ConnectRefusal::ServerUnavailable, reason);
            let _ = stream::write(&mut stream, &bytes).await;
            return None;
        }
        Err(_) => {
            switched_off(&principal, peer);
            let why = "the certificate is no longer ACTIVE";
            let bytes = authorized.into_inner().refuse(ConnectRefusal::NotAuthorized, why);
            let _ = stream::write(&mut stream, &bytes).await;
            return None;
        }
    };
    let number = entry.number;
    gateway.counts.accepted.rise();
    if gateway.policies.things_changed_since(&rights) {
        // A thing of this client id may have changed before this connection could be notified.
        mailbox.ask_recheck();
    }
    let request = authorized.into_inner();
    tracing::info!(
        event = "Connect", client_id = %client_id, principal = %principal.id, %peer,
        version = ?request.version, took_over, "connected"
    );
    if gateway.presences.is_on() {
        let session_expiry = gateway.sessions.granted(request.session_expiry);
        let facts = facts(&stream, peer, &request, session_expiry);
        gateway.presences.connected(Arc::clone(&client_id), number.0, since, Some(facts)).await;
    }
    let opened = gateway.sessions.open(&gateway.router, &request, &client_id, number, &mailbox);
    let opened = match opened.await {
        Ok(opened) => opened,
        Err(NoSession::TakenOver) => return None,
        Err(NoSession::Failed(error)) => {
            tracing::error!(%error, %client_id, "a session cannot be opened");
            let why = "the server cannot open your session now";
            let bytes = request.refuse(ConnectRefusal::ServerUnavailable, why);
            let _ = stream::write(&mut stream, &bytes).await;
            return None;
        }
    };
    let accept = Accept {
        assigned_client_id: assigned,
        session_present: opened.as_ref().is_some_and(|opened| opened.stored.resumed),
        session_expiry: opened.as_ref().map_or(0, |opened| opened.expiry),
    };
    let asked = Asked {
        keep_alive: request.keep_alive,
        clean: request.clean_start,
        session_expiry: accept.session_expiry,
    };
    let session = request.accept(accept, clock::monotonic_millis());
    let certificate = rights.certificate_id();
    gateway.tell(rights.connection(number.0).connected(since)).await;
    gateway.traces.note(&client_id, "out", || {
        let present = opened.as_ref().is_some_and(|opened| opened.stored.resumed);
        format!("CONNACK accepted, Session Present {present}")
    });
    let connected = Connected { mailbox, standing, number, session: opened, asked };
    let online = Box::new(Online::new(Arc::clone(gateway), stream, session, rights, connected));
    Some(Arrived { online, input, entry, client_id, certificate, number: number.0 })
}

fn switched_off(principal: &Principal, peer: SocketAddr) {
    tracing::warn!(
        event = "Connection.AuthNError", reason = "DEVICE_CERTIFICATE_INACTIVE", %peer,
        "refused: certificate {} was switched off, or its time ended, before the CONNECT was \
         answered", principal.id
    );
}

/// What is recorded of a connection where that is indexed.
fn facts(
    stream: &Stream,
    peer: SocketAddr,
    request: &ConnectRequest,
    session_expiry: u32,
) -> ConnectionFacts {
    let named = |address: SocketAddr| (address.ip().to_string(), address.port());
    let target = stream.get_ref().0.local_addr().ok();
    ConnectionFacts {
        keep_alive: request.keep_alive,
        source: named(peer),
        target: target.map(named),
        session_expiry,
        clean: request.clean_start,
    }
}

/// What a peer that is nobody presented.
fn presented(stream: &Stream, server_name: bool) -> Option<Presented> {
    let mut chain = stream.get_ref().1.peer_certificates()?.iter();
    let leaf = chain.next()?.to_vec();
    let ca = chain.next().map(|der| der.to_vec());
    Some(Presented { leaf, ca, server_name })
}

/// Why there is no CONNECT.
enum ConnectError {
    /// The peer closed, or was lost.
    Lost,
    /// It speaks HTTP.
    Http,
    Refused(Farewell),
}

async fn open(
    gateway: &Gateway,
    stream: &mut Stream,
    input: &mut BytesMut,
    mailbox: &Arc<Mailbox>,
) -> Result<Box<ConnectRequest>, ConnectError> {
    let mut opening = Opening::new(Arc::clone(&gateway.limits));
    let mut holding = Holding::default();
    loop {
        let opened = opening.receive(input);
        let before = holding;
        holding.buffers = input.capacity();
        mailbox.hold(before, holding);
        match opened {
            Opened::Connect(request) => {
                mailbox.hold(holding, Holding::default());
                return Ok(request);
            }
            Opened::Refused(_) if tls::is_http(input) => return Err(ConnectError::Http),
            Opened::Refused(farewell) => return Err(ConnectError::Refused(farewell)),
            Opened::NeedMore => tokio::select! {
                read = stream::read(stream, input) => match read {
                    Ok(0) | Err(_) => return Err(ConnectError::Lost),
                    Ok(_) => {}
                },
                () = mailbox.arrival() => if mailbox.must_end() {
                    return Err(ConnectError::Lost);
                },
            },
        }
    }
}

/// The rights under the client id that the connection will have.
async fn rights(
    gateway: &Gateway,
    principal: &Arc<Principal>,
    request: &ConnectRequest,
    peer: SocketAddr,
    server_name: Option<String>,
) -> Result<(Rights, Option<String>), ConnectRefusal> {
    let assigned = if request.client_id.is_empty() { Some(random_client_id()?) } else { None };
    let client_id = assigned.as_deref().unwrap_or(&request.client_id);
    let rights = gateway
        .policies
        .rights(Arc::clone(principal), client_id, peer.ip(), server_name)
        .await
        .map_err(|refusal| {
            tracing::error!(%refusal, "cannot look up a connection's rights");
            ConnectRefusal::ServerUnavailable
        })?;
    Ok((rights, assigned))
}

fn random_client_id() -> Result<String, ConnectRefusal> {
    let mut random = [0; 16];
    rand::fill(&mut random).map_err(|_| ConnectRefusal::ServerUnavailable)?;
    Ok(format!("auto-{:032x}", u128::from_be_bytes(random)))
}

fn log_end(end: &End, client_id: &str, certificate: &CertificateId) {
    tracing::info!(
        event = "Disconnect", client_id, principal = %certificate,
        reason = end.reason(), "disconnected: {end}"
    );
}
