//! The first packet of a connection: a CONNECT, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use fleetwright_host::slots::Slot;
use fleetwright_host::tls;
use fleetwright_mqtt::{ConnectRequest, Farewell, Opened, Opening};
use tokio::sync::watch;

use super::peer::{ArrivingPeer, log_switched_off};
use crate::Gateway;
use crate::mailbox::{Holding, Mailbox};
use crate::stream::{self, Stream};

/// Time from the end of the TLS handshake to a whole CONNECT. (ours)
const CONNECT_PATIENCE: Duration = Duration::from_secs(20);

/// What a peer began with.
pub(super) enum FirstPacket {
    Connect(Box<ConnectRequest>),
    /// It speaks HTTP; its input is untouched.
    Http,
}

/// Why there is no CONNECT.
enum ConnectError {
    /// The peer closed, or was lost.
    Lost,
    /// It speaks HTTP.
    Http,
    Refused(Farewell),
}

/// Waits for it; `None` when there is none in time, or none that can be read, which was said and
/// logged.
pub(super) async fn first_packet(
    gateway: &Gateway,
    stream: &mut Stream,
    input: &mut BytesMut,
    peer: ArrivingPeer<'_>,
    slot: &Slot,
    shutdown: &mut watch::Receiver<bool>,
) -> Option<FirstPacket> {
    let ArrivingPeer { address, principal, attendance } = peer;
    let opening = open(gateway, stream, input, &attendance.mailbox);
    slot.received();
    let opened = tokio::select! {
        biased;
        _ = attendance.standing.ended() => {
            log_switched_off(principal, address);
            return None;
        }
        opened = tokio::time::timeout(CONNECT_PATIENCE, opening) => opened,
        () = slot.evicted() => return None,
        _ = shutdown.wait_for(|stop| *stop) => return None,
    };
    match opened {
        Ok(Ok(request)) => Some(FirstPacket::Connect(request)),
        Ok(Err(ConnectError::Lost)) => None,
        Ok(Err(ConnectError::Http)) => Some(FirstPacket::Http),
        Ok(Err(ConnectError::Refused(farewell))) => {
            tracing::warn!(
                peer = %address, %principal,
                client_id = farewell.client_id.as_deref(),
                clause = farewell.clause, reason = farewell.reason, "CONNECT refused"
            );
            let _ = stream::write(stream, &farewell.bytes).await;
            None
        }
        Err(_) => {
            let seconds = CONNECT_PATIENCE.as_secs();
            tracing::info!(
                peer = %address, %principal, "no CONNECT within {seconds} seconds"
            );
            None
        }
    }
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
