//! The QoS 1 messages on their way to the client.

use std::collections::VecDeque;

use crate::delivery::Delivery;
use crate::limits::Limits;

/// The window of messages that wait for the client's PUBACK, and the queue behind it.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    /// By the time of sending: what is sent again goes to the end.
    inflight: VecDeque<Inflight>,
    kept_bytes: usize,
    queue: VecDeque<Queued>,
    queued_bytes: usize,
    given_up: u64,
    last_packet_id: u16,
}

#[derive(Debug)]
struct Inflight {
    packet_id: u16,
    token: u64,
    /// Unacknowledged where it may have to be sent again.
    kept: Option<Box<Unacknowledged>>,
}

/// A message that may have to be sent again; times in milliseconds.
#[derive(Debug)]
struct Unacknowledged {
    delivery: Delivery,
    first_sent: u64,
    sent: u64,
}

/// A message in the queue, and when it came there, milliseconds.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) delivery: Delivery,
    pub(super) origin: Origin,
    pub(super) since: u64,
}

/// Where a message is from, which decides its packet id and DUP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// This connection alone has it: any packet id that is free.
    Connection,
    /// A stored session: each connection sends it under the same packet id [MQTT-4.4.0-1].
    Stored {
        /// An earlier connection may have sent it [MQTT-3.3.1-1].
        again: bool,
    },
}

impl Origin {
    pub(super) fn dup(self) -> bool {
        self == Self::Stored { again: true }
    }

    /// The packet id that a message must have, if it must.
    fn packet_id(self, token: u64) -> Option<u16> {
        match self {
            Self::Connection => None,
            // 1 to 65,535, over and over: numbers of a queue rise.
            Self::Stored { .. } => {
                let id = u16::try_from(token.saturating_sub(1) % u64::from(u16::MAX));
                id.ok().and_then(|id| id.checked_add(1))
            }
        }
    }
}

impl Outbound {
    pub(super) fn in_flight(&self) -> usize {
        self.inflight.len()
    }

    pub(super) fn queue_is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Bytes of the messages that are queued, or kept until their PUBACK.
    pub(super) fn message_bytes(&self) -> usize {
        self.kept_bytes + self.queued_bytes
    }

    /// Bytes of the window itself.
    pub(super) fn window_bytes(&self) -> usize {
        self.inflight.len() * size_of::<Inflight>()
    }

    fn is_free(&self, packet_id: u16) -> bool {
        !self.inflight.iter().any(|sent| sent.packet_id == packet_id)
    }

    /// Whether a message has a packet id that it may be sent under now.
    pub(super) fn has_packet_id(&self, token: u64, origin: Origin) -> bool {
        origin.packet_id(token).is_none_or(|id| self.is_free(id))
    }

    /// Takes a message into the window, which [`Self::has_packet_id`] for it; returns that id, which
    /// no other message there has.
    pub(super) fn start(
        &mut self,
        delivery: &Delivery,
        origin: Origin,
        keep: bool,
        now: u64,
    ) -> u16 {
        let packet_id = origin.packet_id(delivery.token).unwrap_or_else(|| self.free_packet_id());
        let kept = keep.then(|| {
            self.kept_bytes += delivery.cost();
            let delivery = delivery.clone();
            Box::new(Unacknowledged { delivery, first_sent: now, sent: now })
        });
        self.inflight.push_back(Inflight { packet_id, token: delivery.token, kept });
        packet_id
    }

    /// The next free one; the window is smaller than the space of ids, so it is near.
    fn free_packet_id(&mut self) -> u16 {
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            if self.is_free(self.last_packet_id) {
                return self.last_packet_id;
            }
        }
    }

    /// Ends the flow of a packet id; returns the message's token.
    pub(super) fn finish(&mut self, packet_id: u16) -> Option<u64> {
        let index = self.inflight.iter().position(|sent| sent.packet_id == packet_id)?;
        self.take(index).map(|sent| sent.token)
    }

    fn take(&mut self, index: usize) -> Option<Inflight> {
        let sent = self.inflight.remove(index)?;
        let bytes = sent.kept.as_ref().map_or(0, |kept| kept.delivery.cost());
        self.kept_bytes = self.kept_bytes.saturating_sub(bytes);
        Some(sent)
    }

    /// When the first message is to be sent again that was sent before all others.
    pub(super) fn resend_at(&self, limits: &Limits) -> Option<u64> {
        let kept = self.inflight.front()?.kept.as_ref()?;
        Some(kept.sent.saturating_add(limits.resend_after))
    }

    /// The next message that is to be sent again now, with its packet id; its time begins anew.
    /// Gives up those that were sent for too long.
    pub(super) fn resend(&mut self, now: u64, limits: &Limits) -> Option<(u16, &Delivery)> {
        while self.resend_at(limits)? <= now {
            let mut sent = self.take(0)?;
            let kept = sent.kept.as_mut()?;
            if now.saturating_sub(kept.first_sent) >= limits.resend_for {
                self.given_up += 1;
                continue;
            }
            kept.sent = now;
            self.kept_bytes += kept.delivery.cost();
            self.inflight.push_back(sent);
            let sent = self.inflight.back()?;
            return sent.kept.as_ref().map(|kept| (sent.packet_id, &kept.delivery));
        }
        None
    }

    /// Messages given up since last asked.
    pub(super) fn take_given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }

    /// Queues a message; `false` if there is no room.
    pub(super) fn enqueue(
        &mut self,
        delivery: &Delivery,
        origin: Origin,
        since: u64,
        limits: &Limits,
    ) -> bool {
        let bytes = self.queued_bytes.saturating_add(delivery.cost());
        if bytes > limits.outbound_queue_bytes {
            return false;
        }
        self.queued_bytes = bytes;
        self.queue.push_back(Queued { delivery: delivery.clone(), origin, since });
        true
    }

    /// The first of the queue, once its packet id is free.
    pub(super) fn dequeue(&mut self) -> Option<Queued> {
        let first = self.queue.front()?;
        if !self.has_packet_id(first.delivery.token, first.origin) {
            return None;
        }
        let queued = self.queue.pop_front()?;
        self.queued_bytes = self.queued_bytes.saturating_sub(queued.delivery.cost());
        Some(queued)
    }

    /// Forgets every message, sent or queued.
    pub(super) fn forget(&mut self) {
        (self.inflight, self.queue) = (VecDeque::new(), VecDeque::new());
        (self.kept_bytes, self.queued_bytes) = (0, 0);
    }

    pub(super) fn shrink(&mut self) {
        self.inflight.shrink_to_fit();
        self.queue.shrink_to_fit();
    }
}
