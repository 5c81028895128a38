//! What operators ask of a connection that is online.

use fleetwright_core::connection::{Connection, NotDelivered};
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;
use fleetwright_mqtt::{Delivered, Delivery, DisconnectCode, Dropped, Qos, Version};
use tokio::sync::oneshot;

use super::{End, Online};
use crate::authorize;
use crate::order::Order;

impl Online {
    /// Does what operators asked for.
    pub(super) fn obey(&mut self) -> Option<End> {
        for order in self.mailbox.take_orders() {
            match order {
                Order::Describe(asker) => {
                    // Who asked may have given up.
                    let _ = asker.send(self.describe());
                }
                Order::End { without_will, done } => {
                    if without_will {
                        self.session.take_will();
                    }
                    let _ = done.send(());
                    let why = "an operator ended the connection";
                    self.session.disconnect(DisconnectCode::AdministrativeAction, why);
                    return Some(End::Operator);
                }
                Order::Deliver { message, confirm, done } => {
                    self.send_to_one(message, confirm, done)
                }
            }
        }
        None
    }

    fn describe(&self) -> Connection {
        let mut subscriptions: Vec<_> = self
            .subscriptions
            .iter()
            .map(|(filter, qos)| (filter.to_string(), u8::from(*qos == Qos::AtLeastOnce)))
            .collect();
        subscriptions.sort_unstable();
        Connection {
            client_id: self.rights.client_id().to_owned(),
            principal: self.rights.principal_id().to_string(),
            certificate: self.rights.certificate_id(),
            thing: self.rights.context().thing.map(|thing| thing.name.to_string()),
            // The directory knows.
            since: Timestamp(0),
            source: Some(self.peer),
            target: self.stream.local_address(),
            version: match self.session.version() {
                Version::V311 => "3.1.1",
                Version::V5 => "5",
            },
            keep_alive: self.asked.keep_alive,
            clean: self.asked.clean,
            session_expiry: self.asked.session_expiry,
            subscriptions,
            waiting: self.mailbox.load(),
        }
    }

    fn send_to_one(
        &mut self,
        message: Delivery,
        confirm: bool,
        done: oneshot::Sender<Result<(), NotDelivered>>,
    ) {
        let token = self.confirmations.token();
        let message = match authorize::receive(&self.rights, Delivery { token, ..message }) {
            Ok(message) => message.into_inner(),
            Err(refused) => {
                refused.1.tell(&self.gateway.traces, &self.rights);
                let _ = done.send(Err(NotDelivered::Denied(refused.1.to_string())));
                return;
            }
        };
        let delivered = self.session.deliver(&message, clock::monotonic_millis());
        self.gateway.sent(self.rights.client_id(), &message, delivered);
        let answer = match delivered {
            Delivered::Sent | Delivered::Queued if confirm => {
                return self.confirmations.wait(token, done);
            }
            Delivered::Sent | Delivered::Queued => Ok(()),
            Delivered::Dropped(Dropped::TooLarge) => Err(NotDelivered::TooLarge),
            Delivered::Dropped(Dropped::Closed) => Err(NotDelivered::NotConnected),
            Delivered::Dropped(Dropped::QueueFull | Dropped::SlowConsumer) => {
                Err(NotDelivered::Slow)
            }
        };
        let _ = done.send(answer);
    }
}
