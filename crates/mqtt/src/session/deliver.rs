//! Messages on their way to the client.

use super::Session;
use super::outbound::Queued;
use crate::delivery::{Delivered, Delivery, Dropped};
use crate::reason::Qos;
use crate::wire::encode;

impl Session {
    /// Sends a message, or queues it behind the outbound window. QoS 0 does not wait. `now` in
    /// milliseconds.
    pub fn deliver(&mut self, delivery: &Delivery, now: u64) -> Delivered {
        if self.closed {
            return Delivered::Dropped(Dropped::Closed);
        }
        let size = encode::measure(delivery, self.version, delivery.message_expiry);
        let most = usize::try_from(self.client_packet_bytes).unwrap_or(usize::MAX);
        if size.total > most || !encode::encodable(delivery, &size) {
            return Delivered::Dropped(Dropped::TooLarge);
        }
        if delivery.qos == Qos::AtMostOnce {
            if self.output_is_full() {
                return Delivered::Dropped(Dropped::SlowConsumer);
            }
            let expiry = delivery.message_expiry;
            encode::publish(&mut self.output, delivery, self.version, None, expiry, &size);
            return Delivered::Sent;
        }
        self.send_queued(now);
        let waits = self.window_is_full()
            || self.output_is_full()
            || self.outbound.as_ref().is_some_and(|outbound| !outbound.queue_is_empty());
        if !waits {
            self.send(delivery, delivery.message_expiry);
            Delivered::Sent
        } else if self.outbound.get_or_insert_default().enqueue(delivery, now, &self.limits) {
            Delivered::Queued
        } else {
            Delivered::Dropped(Dropped::QueueFull)
        }
    }

    /// Sends a QoS 1 message now.
    fn send(&mut self, delivery: &Delivery, message_expiry: Option<u32>) {
        let size = encode::measure(delivery, self.version, message_expiry);
        let outbound = self.outbound.get_or_insert_default();
        let id = outbound.start(delivery, self.persistent);
        let out = &mut self.output;
        encode::publish(out, delivery, self.version, Some(id), message_expiry, &size);
    }

    /// Sends what is queued, as far as window and output allow.
    pub(super) fn send_queued(&mut self, now: u64) {
        while !self.closed && !self.window_is_full() && !self.output_is_full() {
            let queued = self.outbound.as_mut().and_then(|outbound| outbound.dequeue());
            let Some(Queued { delivery, since }) = queued else { return };
            let waited = now.saturating_sub(since);
            let expiry = match delivery.message_expiry {
                None => None,
                Some(seconds) => match (u64::from(seconds) * 1000).checked_sub(waited) {
                    // [MQTT5-3.3.2-5]: its time has passed before its delivery began.
                    None | Some(0) => continue,
                    Some(left) => Some(u32::try_from(left / 1000).unwrap_or(u32::MAX)),
                },
            };
            self.send(&delivery, expiry);
        }
    }

    fn window_is_full(&self) -> bool {
        let under_way = self.outbound.as_ref().map_or(0, |outbound| outbound.in_flight());
        under_way >= usize::from(self.client_receive_max)
    }

    /// Takes the QoS 1 messages that the client has not acknowledged, oldest first, sent or
    /// queued: for the next connection of a persistent session. Messages sent by a session that
    /// ends with its connection are not kept, and so not among them.
    pub fn take_unacknowledged(&mut self) -> Vec<Delivery> {
        self.outbound.as_mut().map(|outbound| outbound.take_all()).unwrap_or_default()
    }
}
