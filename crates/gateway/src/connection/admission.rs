//! Whether a client may connect as it asks to.

use aws_lc_rs::rand;
use bytes::Bytes;
use fleetwright_core::authorization::Authorized;
use fleetwright_host::clock;
use fleetwright_mqtt::{ConnectRefusal, ConnectRequest};

use super::peer::IdentifiedPeer;
use crate::rights::Rights;
use crate::{Gateway, authorize, topics};

/// A CONNECT that is allowed.
pub(super) struct Admitted {
    pub(super) request: Authorized<Box<ConnectRequest>>,
    pub(super) rights: Rights,
    /// The client id that it was given, for it named none.
    pub(super) assigned: Option<String>,
}

/// Decides on a CONNECT; the error is the CONNACK of its refusal, which was logged.
pub(super) async fn admit(
    gateway: &Gateway,
    peer: &IdentifiedPeer,
    request: Box<ConnectRequest>,
) -> Result<Admitted, Bytes> {
    let (address, principal) = (peer.address, &peer.principal);
    if let Some(will) = &request.will
        && let Err(reason) = topics::check_will(will)
    {
        tracing::warn!(
            event = "Connect", status = "Failure", client_id = %request.client_id,
            principal = %principal.id(), peer = %address, topic = %will.topic,
            "CONNECT refused: the will's {reason}"
        );
        let reason = format!("the will's {reason}");
        return Err(request.refuse(ConnectRefusal::TopicNameInvalid, &reason));
    }
    let (rights, assigned) = match rights(gateway, peer, &request).await {
        Ok(found) => found,
        Err(refusal) => {
            let reason = "the server cannot look up your rights now";
            return Err(request.refuse(refusal, reason));
        }
    };
    match authorize::connect(&rights, request) {
        Ok(request) => Ok(Admitted { request, rights, assigned }),
        Err(refused) => {
            let (request, denied) = *refused;
            denied.tell(&gateway.traces, &rights);
            gateway.counts.denied.rise();
            if let Some(number) = gateway.numbers.draw() {
                gateway.tell(rights.connection(number.0).connect_failed(clock::now())).await;
            }
            Err(request.refuse(ConnectRefusal::NotAuthorized, &denied.reason_string()))
        }
    }
}

/// The rights under the client id that the connection will have.
async fn rights(
    gateway: &Gateway,
    peer: &IdentifiedPeer,
    request: &ConnectRequest,
) -> Result<(Rights, Option<String>), ConnectRefusal> {
    let assigned = if request.client_id.is_empty() { Some(random_client_id()?) } else { None };
    let client_id = assigned.as_deref().unwrap_or(&request.client_id);
    let (principal, server_name) = (peer.principal.clone(), peer.server_name.clone());
    let rights = gateway
        .policies
        .rights(principal, client_id, peer.address.ip(), server_name)
        .await
        .map_err(|refusal| {
            tracing::error!(
                peer = %peer.address, principal = %peer.principal.id(), client_id, %refusal,
                "cannot look up a connection's rights"
            );
            ConnectRefusal::ServerUnavailable
        })?;
    Ok((rights, assigned))
}

fn random_client_id() -> Result<String, ConnectRefusal> {
    let mut random = [0; 16];
    rand::fill(&mut random).map_err(|_| ConnectRefusal::ServerUnavailable)?;
    Ok(format!("auto-{:032x}", u128::from_be_bytes(random)))
}
