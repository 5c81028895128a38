//! How a client that may connect comes in: the directory, its session, its CONNACK.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;
use fleetwright_mqtt::{Accept, ConnectRefusal, ConnectRequest};
use fleetwright_store::ConnectionFacts;
use tokio::sync::watch;

use super::admission::Admitted;
use super::peer::{IdentifiedPeer, log_switched_off};
use crate::Gateway;
use crate::directory::Entry;
use crate::ledger::Bound;
use crate::mailbox::Mailbox;
use crate::online::{Asked, Connected, Online};
use crate::principal::PrincipalId;
use crate::rights::Rights;
use crate::sessions::{NoSession, Opened};
use crate::standing::Standing;
use crate::stream::Stream;

/// A connection that came in: it is in the directory, and may begin.
pub(super) struct Arrived {
    /// Boxed: a future keeps room for whatever passes through it.
    pub(super) online: Box<Online>,
    /// What the device sent behind its CONNECT.
    pub(super) input: BytesMut,
    pub(super) entry: Entry,
    pub(super) client_id: Arc<str>,
    pub(super) principal: PrincipalId,
    pub(super) number: u64,
}

/// A client in the directory, before its CONNACK.
pub(super) struct Entered {
    request: Box<ConnectRequest>,
    rights: Rights,
    assigned: Option<String>,
    entry: Entry,
    client_id: Arc<str>,
    since: Timestamp,
    address: SocketAddr,
    mailbox: Arc<Mailbox>,
    standing: Arc<Standing>,
    /// The session that outlives the connection.
    session: Option<Opened>,
}

/// Enters a client that may connect; the error is the CONNACK of a refusal, or nothing where nobody
/// hears it. There may be no room for its will, or its certificate was switched off meanwhile.
pub(super) async fn enter(
    gateway: &Gateway,
    peer: IdentifiedPeer,
    admitted: Admitted,
    local: Option<SocketAddr>,
    shutdown: &mut watch::Receiver<bool>,
) -> Result<Entered, Option<Bytes>> {
    let Admitted { request, rights, assigned } = admitted;
    let (address, principal) = (peer.address, peer.principal.clone());
    let client_id: Arc<str> = rights.client_id().into();
    let since = clock::now();
    let mailbox = Arc::clone(&peer.attendance.mailbox);
    let standing = Arc::clone(&peer.attendance.standing);
    mailbox.belongs_to(Arc::clone(&client_id));
    if gateway.sheds(&client_id) {
        mailbox.hit(Bound::Shedding, 1);
        let reason = "memory is short, and devices that were here before go first";
        return Err(Some(request.into_inner().refuse(ConnectRefusal::QuotaExceeded, reason)));
    }
    let will = request.get().will.as_ref().map_or(0, |will| will.bytes());
    if !mailbox.reserve(will) {
        let reason = "the server has no room for more wills";
        return Err(Some(request.into_inner().refuse(ConnectRefusal::QuotaExceeded, reason)));
    }
    tokio::select! {
        () = gateway.numbers.available() => {}
        _ = shutdown.wait_for(|stop| *stop) => return Err(None),
    }
    let entering = standing
        .act(|| peer.attendance.enter(|| gateway.numbers.draw(), Arc::clone(&client_id), since));
    let (entry, took_over) = match entering {
        Ok(Some(entered)) => entered,
        Ok(None) => {
            let reason = "no number for the connection can be reserved in the registry";
            tracing::error!(
                event = "Connect", status = "Failure", %client_id, peer = %address,
                "refused: {reason}"
            );
            let refusal = ConnectRefusal::ServerUnavailable;
            return Err(Some(request.into_inner().refuse(refusal, reason)));
        }
        Err(_) => {
            log_switched_off(&principal.id(), address);
            let reason = "what you connect with is no longer good";
            return Err(Some(request.into_inner().refuse(ConnectRefusal::NotAuthorized, reason)));
        }
    };
    gateway.counts.accepted.rise();
    if gateway.policies.things_changed_since(&rights) {
        // A thing of this client id may have changed before this connection could be notified.
        mailbox.ask_recheck();
    }
    let request = request.into_inner();
    tracing::info!(
        event = "Connect", client_id = %client_id, principal = %principal.id(), peer = %address,
        version = ?request.version, took_over, "connected"
    );
    let number = entry.number;
    if gateway.presences.is_on() {
        let session_expiry = gateway.sessions.granted(request.session_expiry);
        let facts = facts(local, address, &request, session_expiry);
        gateway.presences.connected(Arc::clone(&client_id), number.0, since, Some(facts)).await;
    }
    let opened = gateway.sessions.open(&gateway.router, &request, &client_id, number, &mailbox);
    let session = match opened.await {
        Ok(opened) => opened,
        Err(NoSession::TakenOver) => return Err(None),
        Err(NoSession::Failed(error)) => {
            tracing::error!(%error, %client_id, "a session cannot be opened");
            let reason = "the server cannot open your session now";
            return Err(Some(request.refuse(ConnectRefusal::ServerUnavailable, reason)));
        }
    };
    Ok(Entered {
        request,
        rights,
        assigned,
        entry,
        client_id,
        since,
        address,
        mailbox,
        standing,
        session,
    })
}

impl Entered {
    /// Accepts it: the CONNACK is the first of its output.
    pub(super) async fn accept(
        self,
        gateway: &Arc<Gateway>,
        stream: Stream,
        input: BytesMut,
    ) -> Arrived {
        let Self { request, rights, assigned, entry, client_id, mailbox, standing, .. } = self;
        let (number, opened) = (entry.number, self.session);
        let session_present = opened.as_ref().is_some_and(|opened| opened.stored.resumed);
        let accept = Accept {
            assigned_client_id: assigned,
            session_present,
            session_expiry: opened.as_ref().map_or(0, |opened| opened.expiry),
        };
        let asked = Asked {
            keep_alive: request.keep_alive,
            clean: request.clean_start,
            session_expiry: accept.session_expiry,
        };
        let session = request.accept(accept, clock::monotonic_millis());
        let principal = rights.principal_id();
        gateway.tell(rights.connection(number.0).connected(self.since)).await;
        gateway.traces.note(&client_id, "out", || {
            format!("CONNACK accepted, Session Present {session_present}")
        });
        let peer = self.address;
        let connected = Connected { mailbox, standing, number, peer, session: opened, asked };
        let online = Online::new(Arc::clone(gateway), stream, session, rights, connected);
        let online = Box::new(online);
        Arrived { online, input, entry, client_id, principal, number: number.0 }
    }
}

/// What is recorded of a connection where that is indexed.
fn facts(
    local: Option<SocketAddr>,
    peer: SocketAddr,
    request: &ConnectRequest,
    session_expiry: u32,
) -> ConnectionFacts {
    let named = |address: SocketAddr| (address.ip().to_string(), address.port());
    ConnectionFacts {
        keep_alive: request.keep_alive,
        source: named(peer),
        target: local.map(named),
        session_expiry,
        clean: request.clean_start,
    }
}
