//! A peer before it is online: after its handshake, and when it is known who it is.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use fleetwright_core::time::Timestamp;
use fleetwright_host::slots::Slot;
use fleetwright_provisioning::Presented;
use tokio::sync::watch;

use crate::callers::SignedCaller;
use crate::custom::{AuthorizedClient, Evidence};
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

/// A peer without a certificate, after its handshake or its upgrade to WebSocket.
pub(crate) struct OpenPeer {
    pub(crate) peer: SocketAddr,
    /// The server's name, of TLS or of the request.
    pub(crate) server_name: Option<String>,
    pub(crate) shows: Shows,
    /// Its slot, until it has said CONNECT.
    pub(crate) slot: Arc<Slot>,
    pub(crate) shutdown: watch::Receiver<bool>,
}

/// What a peer without a certificate has shown.
pub(crate) enum Shows {
    /// A signature of IAM, which was verified, and when its connection ends at the latest.
    Signature(Arc<dyn SignedCaller>, Timestamp),
    /// What an authorizer let it in for.
    LetIn(Arc<AuthorizedClient>),
    /// Nothing that was looked at: its CONNECT tells.
    Evidence(Evidence),
}

/// A peer that has not said CONNECT.
#[derive(Clone, Copy)]
pub(super) struct ArrivingPeer<'a> {
    pub(super) address: SocketAddr,
    /// Who it is, for the log.
    pub(super) principal: &'a (dyn fmt::Display + Sync),
    pub(super) attendance: &'a Attendance,
}

/// A peer that is somebody: its certificate is registered and `ACTIVE`, its signature was verified, or an
/// authorizer let it in.
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

    /// Before it has said CONNECT.
    pub(super) fn arriving<'a>(
        &'a self,
        principal: &'a (dyn fmt::Display + Sync),
    ) -> ArrivingPeer<'a> {
        ArrivingPeer { address: self.address, principal, attendance: &self.attendance }
    }
}

/// Logs that a certificate, or the session of a caller, is no longer good.
pub(super) fn log_switched_off(principal: &(dyn fmt::Display + Sync), peer: SocketAddr) {
    tracing::warn!(
        event = "Connection.AuthNError", reason = "DEVICE_CERTIFICATE_INACTIVE", %peer,
        "refused: {principal} was switched off, or its time ended, before the CONNECT was answered"
    );
}

/// What a peer that is nobody presented.
fn presented(stream: &OverTls, server_name: bool) -> Option<Presented> {
    let mut chain = stream.get_ref().1.peer_certificates()?.iter();
    let leaf = chain.next()?.to_vec();
    let ca = chain.next().map(|der| der.to_vec());
    Some(Presented { leaf, ca, server_name })
}
