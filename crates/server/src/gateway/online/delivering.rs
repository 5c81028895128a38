//! What others leave for a device.

use fleetwright_mqtt::DisconnectCode;

use super::{End, Online};
use crate::clock;
use crate::gateway::{authorize, stream};

impl Online {
    pub(super) async fn empty_mailbox(&mut self) -> Option<End> {
        if self.mailbox.is_taken_over() {
            self.session.disconnect(
                DisconnectCode::SessionTakenOver,
                "another connection has this client id",
            );
            return Some(End::TakenOver);
        }
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        while let Some(message) = self.mailbox.next() {
            match authorize::receive(&self.rights, message) {
                Ok(message) => {
                    // A message that finds no room is dropped as QoS and bounds have it.
                    let message = message.into_inner();
                    self.session.deliver(&message, clock::monotonic_millis());
                }
                Err(denied) => denied.log(&self.rights),
            }
            if self.session.output().len() >= stream::WRITE_SOON
                && let Err(end) = self.flush().await
            {
                return Some(end);
            }
        }
        let dropped = self.mailbox.take_dropped();
        if dropped > 0 {
            tracing::warn!(
                client_id = self.rights.client_id(),
                dropped,
                "messages dropped: the client reads too slowly"
            );
        }
        None
    }
}
