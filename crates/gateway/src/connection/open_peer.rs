//! Peers without a certificate: who they are by their signature, or by the word of an authorizer.

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;
use fleetwright_host::clock;
use fleetwright_mqtt::{ConnectRefusal, ConnectRequest};
use fleetwright_provisioning::authorizers::NotLetIn;

use super::peer::{ArrivingPeer, IdentifiedPeer, Shows};
use crate::custom::Evidence;
use crate::directory::Attendance;
use crate::events::lifecycle::Connection;
use crate::principal::{Principal, PrincipalId, Term, TermOf};
use crate::{Gateway, custom};

/// What a peer has shown; it is in the directory.
pub(super) struct Shown {
    attendance: Attendance,
    who: Who,
}

enum Who {
    Known(Principal, Term),
    /// Its CONNECT tells.
    Unknown(Evidence),
}

impl Shown {
    /// Enters it in the directory.
    pub(super) fn attend(gateway: &Gateway, shows: Shows) -> Self {
        let directory = &gateway.directory;
        let (attendance, who) = match shows {
            Shows::Signature(caller, until) => {
                let principal = Principal::Caller(caller);
                let term = Term { until, of: TermOf::WebSocket };
                (directory.attend(principal.id()), Who::Known(principal, term))
            }
            Shows::LetIn(client) => {
                let term = client.term();
                (directory.attend_unnamed(), Who::Known(Principal::Client(client), term))
            }
            Shows::Evidence(evidence) => (directory.attend_unnamed(), Who::Unknown(evidence)),
        };
        if let Who::Known(_, term) = &who {
            attendance.standing.ends_at(*term);
        }
        Self { attendance, who }
    }

    /// Counts what its connection may hold for as long as it lasts; false when there is no room, which
    /// is logged.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        self.attendance.mailbox.reserve(bytes)
    }

    pub(super) fn arriving(&self, address: SocketAddr) -> ArrivingPeer<'_> {
        ArrivingPeer { address, principal: &self.who, attendance: &self.attendance }
    }

    /// Who it is, now that it has said CONNECT; the error is the CONNACK of a refusal.
    pub(super) async fn identify(
        self,
        gateway: &Gateway,
        address: SocketAddr,
        server_name: Option<String>,
        request: Box<ConnectRequest>,
    ) -> Result<(IdentifiedPeer, Box<ConnectRequest>), Bytes> {
        let Self { attendance, who } = self;
        let principal = match who {
            Who::Known(principal, _) => principal,
            Who::Unknown(evidence) => {
                let authorizers = gateway.provisioning.authorizers();
                match custom::at_connect(authorizers, evidence, &request).await {
                    Ok(client) => {
                        attendance.standing.ends_at(client.term());
                        Principal::Client(client)
                    }
                    Err(why) => {
                        refused(gateway, address, &request, &why).await;
                        return Err(answer(*request, &why));
                    }
                }
            }
        };
        Ok((IdentifiedPeer { address, server_name, principal, attendance }, request))
    }
}

fn answer(request: ConnectRequest, why: &NotLetIn) -> Bytes {
    let request = Box::new(request);
    match why {
        NotLetIn::Registry(_) => {
            let reason = "the server cannot ask an authorizer now";
            request.refuse(ConnectRefusal::ServerUnavailable, reason)
        }
        _ => request.refuse(ConnectRefusal::NotAuthorized, "no authorizer lets you in"),
    }
}

async fn refused(gateway: &Gateway, address: SocketAddr, request: &ConnectRequest, why: &NotLetIn) {
    let client_id = request.client_id.as_str();
    tracing::warn!(
        event = "Connection.AuthNError", reason = "CUSTOM_AUTHORIZER", client_id, peer = %address,
        "refused: {why}"
    );
    gateway.counts.unauthenticated.rise();
    if let Some(number) = gateway.numbers.draw() {
        let connection = Connection {
            client_id,
            thing: None,
            principal: PrincipalId::Client("".into()),
            number: number.0,
            address: address.ip(),
        };
        gateway.tell(connection.connect_failed(clock::now())).await;
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(principal, _) => principal.id().fmt(f),
            Self::Unknown(_) => f.write_str("nobody yet"),
        }
    }
}
