//! A peer before it is online: after its handshake, and when it is known who it is.

use std::net::SocketAddr;
use std::sync::Arc;

use fleetwright_core::time::Timestamp;
use fleetwright_host::slots::Slot;
use fleetwright_provisioning::Presented;
use tokio::sync::watch;

use crate::callers::SignedCaller;
use crate::directory::Attendance;
use crate::entrance::Entrance;
use crate::https::Https;
use crate::identity;
use crate::principal::{Principal, Term, TermOf};
use crate::stream::OverTls;
use crate::{Gateway, first_connection};

/// A connection after its handshake.
pub(crate) struct AcceptedPeer {
    pub(crate) peer: SocketAddr,
    /// What HTTPS is served with, for those who speak it.
    pub(crate) https: Arc<Https>,
    pub(crate) entrance: Entrance,
    /// Its slot, until it has said CONNECT.
    pub(crate) slot: Slot,
    pub(crate) shutdown: watch::Receiver<bool>,
}

/// A caller of IAM after its upgrade to WebSocket.
pub(crate) struct UpgradedPeer {
    pub(crate) peer: SocketAddr,
    /// The server's name, of TLS or of the request.
    pub(crate) server_name: Option<String>,
    pub(crate) caller: Arc<dyn SignedCaller>,
    /// The end of its connection, at the latest.
    pub(crate) until: Timestamp,
    /// Its slot, until it has said CONNECT.
    pub(crate) slot: Arc<Slot>,
    pub(crate) shutdown: watch::Receiver<bool>,
}

/// A peer that is somebody: its certificate is registered and `ACTIVE`, or its signature was verified.
/// A certificate is in the directory from before the registry was asked: see [`crate::standing`].
pub(super) struct IdentifiedPeer {
    pub(super) address: SocketAddr,
    /// What it asked for in its TLS handshake.
    pub(super) server_name: Option<String>,
    pub(super) principal: Principal,
    pub(super) attendance: Attendance,
}

impl IdentifiedPeer {
    /// Who it is. `None` for a peer that is nobody; that was logged, and what happens at the first
    /// connection of a certificate happened.
    pub(super) async fn identify(
        gateway: &Gateway,
        stream: &OverTls,
        address: SocketAddr,
    ) -> Option<Self> {
        let (_, tls) = stream.get_ref();
        let server_name = tls.server_name().map(str::to_owned);
        let leaf = tls.peer_certificates()?.first()?.clone().into_owned();
        let named = server_name.is_some();
        let id = fleetwright_ca::certificate_id(&leaf);
        let attendance = gateway.directory.attend(id);
        match identity::identify(&gateway.store, id, leaf, named).await {
            Ok(principal) => {
                if let Some(held) = &principal.held {
                    let term = Term { until: held.until, of: TermOf::Claim };
                    attendance.standing.ends_at(term);
                }
                let principal = Principal::Certificate(principal);
                Some(Self { address, server_name, principal, attendance })
            }
            Err(unauthenticated) => {
                gateway.counts.unauthenticated.rise();
                let presented = presented(stream, named)?;
                first_connection::meet(gateway, &unauthenticated, presented, address).await;
                None
            }
        }
    }

    /// A caller whose signature was verified.
    pub(super) fn signed(gateway: &Gateway, upgraded: &UpgradedPeer) -> Self {
        let UpgradedPeer { peer, server_name, caller, until, .. } = upgraded;
        let principal = Principal::Caller(Arc::clone(caller));
        let attendance = gateway.directory.attend(principal.id());
        attendance.standing.ends_at(Term { until: *until, of: TermOf::WebSocket });
        Self { address: *peer, server_name: server_name.clone(), principal, attendance }
    }
}

/// Logs that a certificate, or the session of a caller, is no longer good.
pub(super) fn log_switched_off(principal: &Principal, peer: SocketAddr) {
    tracing::warn!(
        event = "Connection.AuthNError", reason = "DEVICE_CERTIFICATE_INACTIVE", %peer,
        "refused: {} was switched off, or its time ended, before the CONNECT was answered",
        principal.id()
    );
}

/// What a peer that is nobody presented.
fn presented(stream: &OverTls, server_name: bool) -> Option<Presented> {
    let mut chain = stream.get_ref().1.peer_certificates()?.iter();
    let leaf = chain.next()?.to_vec();
    let ca = chain.next().map(|der| der.to_vec());
    Some(Presented { leaf, ca, server_name })
}
