//! What a connection holds, as the [`Ledger`](crate::ledger::Ledger) is told, and what it gives when
//! memory is short.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use fleetwright_host::clock;
use fleetwright_mqtt::Delivery;

use super::Mailbox;
use crate::ledger::{Bound, LIGHT};

/// Hits of a bound by one connection that are less apart are one burst, milliseconds. (ours)
const BURST: u64 = 10_000;

/// What a connection's own task holds, bytes and messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Holding {
    /// Bytes of buffers.
    pub(crate) buffers: usize,
    /// Bytes of messages, whoever shares them.
    pub(crate) messages: usize,
    /// Messages that wait for a PUBACK.
    pub(crate) in_flight: usize,
}

impl Mailbox {
    /// The connection holds so much itself; replaces what it said before. Only the connection's
    /// task calls it, with what was said before.
    pub(crate) fn hold(self: &Arc<Self>, before: Holding, now: Holding) {
        if now == before {
            return;
        }
        if now.messages >= before.messages {
            self.messages.fetch_add(now.messages - before.messages, Ordering::Relaxed);
        } else {
            self.messages.fetch_sub(before.messages - now.messages, Ordering::Relaxed);
        }
        self.in_flight.store(now.in_flight, Ordering::Relaxed);
        self.buffers.store(now.buffers, Ordering::Relaxed);
        self.list_if_heavy();
        if now.buffers >= before.buffers {
            self.ledger.add(now.buffers - before.buffers);
        } else {
            self.ledger.give_back(before.buffers - now.buffers);
        }
    }

    /// Counts what the connection keeps for as long as it lasts; false when there is no room, which
    /// is counted and logged.
    pub(crate) fn reserve(&self, bytes: usize) -> bool {
        if !self.ledger.reserve(bytes) {
            self.hit(Bound::TotalMemoryRefusals, 1);
            return false;
        }
        self.fixed.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Gives back what was reserved.
    pub(crate) fn release(&self, bytes: usize) {
        self.fixed.fetch_sub(bytes, Ordering::Relaxed);
        self.ledger.release(bytes);
    }

    /// Bytes that the connection holds because of how it behaves now.
    pub(crate) fn weight(&self) -> usize {
        self.messages.load(Ordering::Relaxed) + self.buffers.load(Ordering::Relaxed)
    }

    pub(super) fn used(&self) -> usize {
        self.weight() + self.fixed.load(Ordering::Relaxed)
    }

    pub(super) fn list_if_heavy(self: &Arc<Self>) {
        if self.weight() >= LIGHT && !self.listed.swap(true, Ordering::Relaxed) {
            self.ledger.list(self);
        }
    }

    /// The ledger forgets the connection until it is heavy again.
    pub(crate) fn unlist(&self) {
        self.listed.store(false, Ordering::Relaxed);
    }

    /// Makes room for others: drops what waits; where that is the lesser part of what is held, ends
    /// the connection.
    pub(crate) fn pay(&self) {
        if self.must_end() {
            return;
        }
        let weight = self.weight();
        let dropped = self.queues.lock().take();
        let (count, cost) = dropped.as_deref().map_or((0, 0), |dropped| dropped.size());
        self.forget(count, cost);
        drop(dropped);
        if count > 0 {
            self.hit(Bound::TotalMemory, u64::try_from(count).unwrap_or(u64::MAX));
        }
        if cost < weight / 2 && !self.must_end.swap(true, Ordering::AcqRel) {
            let promised = weight - cost;
            self.promised.store(promised, Ordering::Relaxed);
            self.ledger.promise(promised);
            self.hit(Bound::TotalMemoryEnds, 1);
            self.arrived.notify_one();
        }
    }

    /// Counts hits of a bound, and logs the first of a burst.
    pub(crate) fn hit(&self, bound: Bound, hits: u64) {
        let in_all = self.ledger.count(bound, hits);
        let now = clock::monotonic_millis() + 1;
        let last = self.last_hit.swap(now, Ordering::Relaxed);
        if last == 0 || now.saturating_sub(last) > BURST {
            let client_id = self.client_id.get().map_or("(connecting)", |id| id);
            tracing::warn!(
                event = "LimitReached",
                client_id,
                limit = bound.limit(),
                held_bytes = self.used(),
                in_all,
                "{}",
                match bound {
                    Bound::ConnectionMemory => "messages dropped: the client takes them too slowly",
                    Bound::TotalMemory => {
                        "messages dropped: memory is short, and this client is among those who \
                         take theirs too slowly"
                    }
                    Bound::TotalMemoryEnds => {
                        "the connection ends: memory is short, and it holds most"
                    }
                    Bound::TotalMemoryRefusals =>
                        "a subscription, a will or a WebSocket has no room",
                    Bound::ClientPacketSize => "messages dropped: too large for the client",
                    Bound::SessionQueue => "messages dropped: too much is queued for the session",
                    Bound::Shedding => "memory is short: a client that was never here is refused",
                    Bound::QueueMemory => "memory is short: the session's queue is read later",
                    Bound::PublishRate => "the client publishes too often, and is read more slowly",
                    Bound::Resending => "messages given up: the client never acknowledged them",
                }
            );
        }
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        let waiting = *self.waiting.get_mut() * Delivery::OVERHEAD;
        self.ledger.give_back(waiting + *self.buffers.get_mut());
        self.ledger.release(*self.fixed.get_mut());
        self.ledger.promise_kept(*self.promised.get_mut());
        if *self.listed.get_mut() {
            self.ledger.strike(self);
        }
    }
}
