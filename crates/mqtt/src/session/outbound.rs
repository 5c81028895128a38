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
    started: u64,
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
    /// Its place among all that were started.
    order: u64,
    first_sent: u64,
    sent: u64,
}

/// A message in the queue, and when it came there, milliseconds.
#[derive(Debug)]
pub(super) struct Queued {
    pub(super) delivery: Delivery,
    pub(super) since: u64,
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

    /// Takes a message into the window; returns its packet id, which no other message there has.
    pub(super) fn start(&mut self, delivery: &Delivery, keep: bool, now: u64) -> u16 {
        // The window is smaller than the space of ids, so a free one is near.
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            if !self.inflight.iter().any(|sent| sent.packet_id == self.last_packet_id) {
                break;
            }
        }
        let kept = keep.then(|| {
            self.kept_bytes += delivery.cost();
            self.started += 1;
            let delivery = delivery.clone();
            Box::new(Unacknowledged { delivery, order: self.started, first_sent: now, sent: now })
        });
        self.inflight.push_back(Inflight {
            packet_id: self.last_packet_id,
            token: delivery.token,
            kept,
        });
        self.last_packet_id
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

    /// Queues a message; `false` if there is no client.
    pub(super) fn enqueue(&mut self, delivery: &Delivery, since: u64, limits: &Limits) -> bool {
        let bytes = self.queued_bytes.saturating_add(delivery.cost());
        if bytes > limits.outbound_queue_bytes {
            return false;
        }
        self.queued_bytes = bytes;
        self.queue.push_back(Queued { delivery: delivery.clone(), since });
        true
    }

    pub(super) fn dequeue(&mut self) -> Option<Queued> {
        let queued = self.queue.pop_front()?;
        self.queued_bytes = self.queued_bytes.saturating_sub(queued.delivery.cost());
        Some(queued)
    }

    /// Everything, oldest first; what was sent only if `sent`.
    pub(super) fn take_all(&mut self, sent: bool) -> Vec<Delivery> {
        let inflight = std::mem::take(&mut self.inflight);
        let queued = std::mem::take(&mut self.queue);
        (self.kept_bytes, self.queued_bytes) = (0, 0);
        let mut kept: Vec<_> =
            inflight.into_iter().filter_map(|inflight| inflight.kept).filter(|_| sent).collect();
        kept.sort_unstable_by_key(|kept| kept.order);
        let sent = kept.into_iter().map(|kept| kept.delivery);
        sent.chain(queued.into_iter().map(|queued| queued.delivery)).collect()
    }

    pub(super) fn shrink(&mut self) {
        self.inflight.shrink_to_fit();
        self.queue.shrink_to_fit();
    }
}
