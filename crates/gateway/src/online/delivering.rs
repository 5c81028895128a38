//! What others leave for a device.

use fleetwright_host::clock;
use fleetwright_mqtt::{Delivered, DisconnectCode, Dropped, Qos};

use super::{End, Online};
use crate::ledger::Bound;
use crate::{authorize, stream};

impl Online {
    /// Heeds notices, then sends what waits, as far as there is room.
    pub(super) async fn empty_mailbox(&mut self) -> Option<End> {
        if self.mailbox.is_taken_over() {
            self.session.disconnect(
                DisconnectCode::SessionTakenOver,
                "another connection has this client id",
            );
            return Some(End::TakenOver);
        }
        if self.mailbox.must_end() {
            return Some(End::Memory);
        }
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        if let Some(end) = self.obey() {
            return Some(end);
        }
        while self.may_deliver() {
            let Some(message) = self.mailbox.next(self.session.is_ready_for(Qos::AtLeastOnce))
            else {
                break;
            };
            match authorize::receive(&self.rights, message) {
                Ok(message) => {
                    let message = message.into_inner();
                    let delivered = self.session.deliver(&message, clock::monotonic_millis());
                    self.gateway.sent(self.rights.client_id(), &message, delivered);
                    match delivered {
                        Delivered::Dropped(Dropped::TooLarge) => {
                            self.mailbox.hit(Bound::ClientPacketSize, 1);
                        }
                        Delivered::Dropped(Dropped::QueueFull | Dropped::SlowConsumer) => {
                            self.mailbox.hit(Bound::ConnectionMemory, 1);
                        }
                        Delivered::Dropped(Dropped::Closed)
                        | Delivered::Sent
                        | Delivered::Queued => {}
                    }
                }
                Err(refused) => refused.1.tell(&self.gateway.traces, &self.rights),
            }
        }
        None
    }

    /// Whether a message that waits could be sent now.
    pub(super) fn may_deliver(&mut self) -> bool {
        self.mailbox.has_messages()
            && self.session.output().len() < stream::WRITE_SOON
            && self.session.is_ready_for(Qos::AtMostOnce)
    }
}
