//! A peer before it is online: after its handshake, and when it is known who it is.

use std::net::SocketAddr;
use std::sync::Arc;

use fleetwright_host::slots::Slot;
use fleetwright_provisioning::Presented;
use tokio::sync::watch;

use crate::directory::Attendance;
use crate::entrance::Entrance;
use crate::https::Https;
use crate::identity::{self, Principal};
use crate::stream::Stream;
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

/// A peer whose certificate is registered and `ACTIVE`; in the directory from before the registry was
/// asked: see [`crate::standing`].
pub(super) struct IdentifiedPeer {
    pub(super) address: SocketAddr,
    /// What it asked for in its TLS handshake.
    pub(super) server_name: Option<String>,
    pub(super) principal: Arc<Principal>,
    pub(super) attendance: Attendance,
}

impl IdentifiedPeer {
    /// Who it is. `None` for a peer that is nobody; that was logged, and what happens at the first
    /// connection of a certificate happened.
    pub(super) async fn identify(
        gateway: &Gateway,
        stream: &Stream,
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
                    attendance.standing.ends_at(held.until);
                }
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
}

/// Logs that a certificate is no longer good.
pub(super) fn log_switched_off(principal: &Principal, peer: SocketAddr) {
    tracing::warn!(
        event = "Connection.AuthNError", reason = "DEVICE_CERTIFICATE_INACTIVE", %peer,
        "refused: certificate {} was switched off, or its time ended, before the CONNECT was \
         answered", principal.id
    );
}

/// What a peer that is nobody presented.
fn presented(stream: &Stream, server_name: bool) -> Option<Presented> {
    let mut chain = stream.get_ref().1.peer_certificates()?.iter();
    let leaf = chain.next()?.to_vec();
    let ca = chain.next().map(|der| der.to_vec());
    Some(Presented { leaf, ca, server_name })
}
