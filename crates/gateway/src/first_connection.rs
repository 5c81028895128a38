//! A peer whose certificate may not connect: it may be the first connection of a device of one's
//! own CA. The connection ends in any case; what came of it is logged here.

use std::net::SocketAddr;

use fleetwright_core::ca_certificate::NotVouched;
use fleetwright_core::certificate::CertificateStatus;
use fleetwright_provisioning::{FirstConnection, FirstConnectionError, Presented, names};

use super::Gateway;
use super::identity::Unauthenticated;

/// Looks whether it is a device's first connection, and logs.
pub(super) async fn meet(
    gateway: &Gateway,
    unauthenticated: &Unauthenticated,
    presented: Presented,
    peer: SocketAddr,
) {
    let certificate = match unauthenticated {
        Unauthenticated::NotRegistered(id)
        | Unauthenticated::NotActive(id, CertificateStatus::PendingActivation) => *id,
        _ => return refused(unauthenticated, peer),
    };
    let leaf = presented.leaf.clone();
    match gateway.provisioning.first_connection(presented).await {
        Ok(FirstConnection::Waits(event)) => {
            let heard = gateway.publish_own(event.topic.clone(), event.payload).await;
            tracing::warn!(
                event = "Connection.AuthNError", reason = unauthenticated.reason(), %peer, heard,
                "refused: certificate {certificate} is registered and waits to be activated; \
                 {} tells of it",
                event.topic
            );
        }
        Ok(FirstConnection::Provisioned { thing, status }) => tracing::info!(
            event = "ProvisionDevice", status = "Success", %peer, %certificate,
            thing = thing.as_ref().map(|thing| thing.as_str()), certificate_status = status.as_str(),
            "device provisioned just in time; this connection ends, the next is let in"
        ),
        Err(FirstConnectionError::NotVouched(NotVouched::NoCa)) => {
            let (subject, issuer) = fleetwright_ca::certificate_facts(&leaf)
                .map(|read| (names(&read.facts.subject), names(&read.facts.issuer)))
                .unwrap_or_default();
            tracing::warn!(
                event = "Connection.AuthNError", reason = unauthenticated.reason(), %peer,
                subject, issuer, "refused: {unauthenticated}"
            );
        }
        Err(FirstConnectionError::NotVouched(why)) => tracing::warn!(
            event = "Connection.AuthNError", reason = unauthenticated.reason(), %peer,
            "refused: certificate {certificate} is not registered just in time: {why}"
        ),
        Err(why @ FirstConnectionError::Twin(..)) => tracing::warn!(
            event = "Connection.AuthNError", reason = unauthenticated.reason(), %peer,
            "refused: certificate {certificate} is not registered just in time: {why}"
        ),
        Err(why) => tracing::warn!(
            event = "ProvisionDevice", status = "Failure", %peer, %certificate,
            "just-in-time provisioning failed: {why}"
        ),
    }
}

fn refused(unauthenticated: &Unauthenticated, peer: SocketAddr) {
    tracing::warn!(
        event = "Connection.AuthNError", reason = unauthenticated.reason(), %peer,
        "refused: {unauthenticated}"
    );
}
