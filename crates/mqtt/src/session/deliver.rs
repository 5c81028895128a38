//! Messages on their way to the client.

use super::Session;
use super::outbound::{Origin, Queued};
use crate::delivery::{Delivered, Delivery, Dropped};
use crate::reason::{Qos, Version};
use crate::wire::encode;

impl Session {
    /// Whether a message of this QoS would be sent at once: a caller that keeps a queue of its own
    /// offers messages while this is true.
    pub fn is_ready_for(&self, qos: Qos) -> bool {
        let waiting = self.outbound.as_ref().is_some_and(|outbound| !outbound.queue_is_empty());
        self.is_open()
            && !self.output_is_full()
            && (qos == Qos::AtMostOnce || !(waiting || self.window_is_full()))
    }

    /// Sends a message, or queues it behind the outbound window. QoS 0 does not wait. `now` in
    /// milliseconds.
    pub fn deliver(&mut self, delivery: &Delivery, now: u64) -> Delivered {
        self.hand_over(delivery, Origin::Connection, now)
    }

    /// As [`Session::deliver`], of a QoS 1 message of a stored session, whose number there is its
    /// token. Its packet id follows from that number, so that every connection sends it under the
    /// same one [MQTT-4.4.0-1]; it waits while another message under way has that id. `again`: an
    /// earlier connection may have sent it, so it is sent with DUP [MQTT-3.3.1-1].
    pub fn deliver_stored(&mut self, delivery: &Delivery, again: bool, now: u64) -> Delivered {
        self.hand_over(delivery, Origin::Stored { again }, now)
    }

    fn hand_over(&mut self, delivery: &Delivery, origin: Origin, now: u64) -> Delivered {
        if !self.is_open() {
            return Delivered::Dropped(Dropped::Closed);
        }
        let size = encode::measure(delivery, self.version);
        let most = usize::try_from(self.client_packet_bytes).unwrap_or(usize::MAX);
        if size.total > most || !encode::encodable(delivery, &size) {
            return Delivered::Dropped(Dropped::TooLarge);
        }
        if delivery.qos == Qos::AtMostOnce {
            if self.output_is_full() {
                return Delivered::Dropped(Dropped::SlowConsumer);
            }
            encode::publish(&mut self.output, delivery, self.version, None, &size);
            return Delivered::Sent;
        }
        self.send_queued(now);
        let is_ready = self.is_ready_for(Qos::AtLeastOnce);
        let outbound = self.outbound.get_or_insert_default();
        if is_ready && outbound.has_packet_id(delivery.token, origin) {
            self.send(delivery, origin, now);
            Delivered::Sent
        } else if outbound.enqueue(delivery, origin, now, &self.limits) {
            Delivered::Queued
        } else {
            Delivered::Dropped(Dropped::QueueFull)
        }
    }

    /// Sends a QoS 1 message now.
    fn send(&mut self, delivery: &Delivery, origin: Origin, now: u64) {
        let size = encode::measure(delivery, self.version);
        let keep = self.resends();
        let id = self.outbound.get_or_insert_default().start(delivery, origin, keep, now);
        let flow = encode::Flow { packet_id: id, dup: origin.dup() };
        encode::publish(&mut self.output, delivery, self.version, Some(flow), &size);
    }

    /// Sends what is queued, as far as window and output allow.
    pub(super) fn send_queued(&mut self, now: u64) {
        while self.is_open() && !self.window_is_full() && !self.output_is_full() {
            let queued = self.outbound.as_mut().and_then(|outbound| outbound.dequeue());
            let Some(Queued { delivery, origin, since }) = queued else { return };
            // One whose time has passed before its delivery began is left out.
            if let Some(delivery) = delivery.aged(now.saturating_sub(since)) {
                self.send(&delivery, origin, now);
            }
        }
    }

    /// Sends again what the client has not acknowledged for [`Limits::resend_after`]
    /// (MQTT 3.1.1), oldest first [MQTT-4.6.0-1].
    ///
    /// [`Limits::resend_after`]: crate::Limits::resend_after
    pub(super) fn resend(&mut self, now: u64) {
        while self.resends() && !self.output_is_full() {
            let Some(outbound) = &mut self.outbound else { return };
            let Some((packet_id, delivery)) = outbound.resend(now, &self.limits) else { return };
            let size = encode::measure(delivery, self.version);
            let flow = encode::Flow { packet_id, dup: true };
            encode::publish(&mut self.output, delivery, self.version, Some(flow), &size);
        }
    }

    /// When something is to be sent again; not while what was sent before waits to be taken.
    pub(super) fn resend_at(&self) -> Option<u64> {
        let outbound = self.outbound.as_ref()?;
        let waits = !self.resends() || self.output_is_full();
        if waits { None } else { outbound.resend_at(&self.limits) }
    }

    /// [MQTT5-4.4.0-1]: version 5 sends again after a new connection only, unless the settings say so.
    fn resends(&self) -> bool {
        self.version == Version::V311 || self.limits.resend_v5
    }

    fn window_is_full(&self) -> bool {
        self.in_flight() >= usize::from(self.client_receive_max)
    }

    /// QoS 1 messages that wait for the client's PUBACK.
    pub fn in_flight(&self) -> usize {
        self.outbound.as_ref().map_or(0, |outbound| outbound.in_flight())
    }

    /// Messages given up since last asked: sent again for [`Limits::resend_for`] without a PUBACK.
    ///
    /// [`Limits::resend_for`]: crate::Limits::resend_for
    pub fn take_given_up(&mut self) -> u64 {
        self.outbound.as_mut().map_or(0, |outbound| outbound.take_given_up())
    }

    /// Forgets every message that is queued or waits for its PUBACK: what is delivered from now on has
    /// the window to itself.
    pub fn forget_deliveries(&mut self) {
        if let Some(outbound) = &mut self.outbound {
            outbound.forget();
        }
    }
}
