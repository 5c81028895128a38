//! The QoS 1 messages on their way to the client.

use std::collections::VecDeque;

use crate::delivery::Delivery;
use crate::limits::Limits;

/// The window of messages that wait for the client's PUBACK, and the queue behind it.
#[derive(Debug, Default)]
pub(super) struct Outbound {
    inflight: VecDeque<Inflight>,
    queue: VecDeque<Queued>,
    queued_bytes: usize,
    last_packet_id: u16,
}

#[derive(Debug)]
struct Inflight {
    packet_id: u16,
    token: u64,
    /// Kept where a later connection may have to send it again.
    kept: Option<Box<Delivery>>,
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

    /// Takes a message into the window; returns its packet id, which no other message there has.
    pub(super) fn start(&mut self, delivery: &Delivery, keep: bool) -> u16 {
        // The window is smaller than the space of ids, so a free one is near.
        loop {
            self.last_packet_id = self.last_packet_id.checked_add(1).unwrap_or(1);
            if !self.inflight.iter().any(|sent| sent.packet_id == self.last_packet_id) {
                break;
            }
        }
        self.inflight.push_back(Inflight {
            packet_id: self.last_packet_id,
            token: delivery.token,
            kept: keep.then(|| Box::new(delivery.clone())),
        });
        self.last_packet_id
    }

    /// Ends the flow of a packet id; returns the message's token.
    pub(super) fn finish(&mut self, packet_id: u16) -> Option<u64> {
        let index = self.inflight.iter().position(|sent| sent.packet_id == packet_id)?;
        self.inflight.remove(index).map(|sent| sent.token)
    }

    /// Queues a message; `false` if there is no room.
    pub(super) fn enqueue(&mut self, delivery: &Delivery, since: u64, limits: &Limits) -> bool {
        let bytes = self.queued_bytes.saturating_add(cost(delivery));
        if self.queue.len() >= limits.outbound_queue || bytes > limits.outbound_queue_bytes {
            return false;
        }
        self.queued_bytes = bytes;
        self.queue.push_back(Queued { delivery: delivery.clone(), since });
        true
    }

    pub(super) fn dequeue(&mut self) -> Option<Queued> {
        let queued = self.queue.pop_front()?;
        self.queued_bytes = self.queued_bytes.saturating_sub(cost(&queued.delivery));
        Some(queued)
    }

    pub(super) fn take_all(&mut self) -> Vec<Delivery> {
        let sent = std::mem::take(&mut self.inflight);
        let queued = std::mem::take(&mut self.queue);
        self.queued_bytes = 0;
        let sent = sent.into_iter().filter_map(|sent| sent.kept).map(|delivery| *delivery);
        sent.chain(queued.into_iter().map(|queued| queued.delivery)).collect()
    }

    pub(super) fn shrink(&mut self) {
        self.inflight.shrink_to_fit();
        self.queue.shrink_to_fit();
    }
}

/// What a queued message counts, bytes.
fn cost(delivery: &Delivery) -> usize {
    delivery.topic.len() + delivery.payload.len()
}
