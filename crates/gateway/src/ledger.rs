//! What peers make this server hold, in bytes: of each connection and in all.
//!
//! Counted of a connection are the messages that wait for it or for its acknowledgement, its input
//! and output buffers, its provisioning requests in line, its topic aliases, its subscriptions and
//! its will. A message that many receive is one allocation: it counts in full for each receiver's
//! bound, and once in all, until the last receiver is done with it.
//!
//! At a connection's bound its own messages are dropped. At the bound of all, those pay that make
//! the server hold most: what waits for them is dropped; one whose memory lies elsewhere is ended.
//! A connection that reads what it is sent holds next to nothing, and is never among them.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use parking_lot::Mutex;

use super::mailbox::Mailbox;

/// A connection that holds less than this is never looked at when memory is short. (ours)
pub(super) const LIGHT: usize = 16 * 1024;
/// Of the bound of all, the part that is made free at once when it is reached. (ours)
const RELIEF: usize = 16;
/// Of the bound of all, the part that is left to those who are known. (ours)
const LEFT_TO_KNOWN: usize = 16;
/// Of the bound of all, the part that subscriptions and wills leave to what passes through. (ours)
const LEFT_TO_MESSAGES: usize = 4;

/// The bounds, what is held, and who holds much.
#[derive(Debug)]
pub(super) struct Ledger {
    per_connection: usize,
    in_all: usize,
    held: AtomicUsize,
    /// Of `held`, subscriptions and wills.
    reserved: AtomicUsize,
    /// Of `held`, what connections hold that are to end.
    leaving: AtomicUsize,
    /// Connections that held more than [`LIGHT`] when last looked at, by their address.
    heavy: Mutex<HashMap<usize, Weak<Mailbox>>>,
    counters: Counters,
}

/// A bound that was hit: its name in the log and among the counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// Messages dropped: `[mqtt] memory-per-connection-mib`.
    ConnectionMemory,
    /// Messages dropped: `[mqtt] memory-mib`.
    TotalMemory,
    /// Connections ended: `[mqtt] memory-mib`.
    TotalMemoryEnds,
    /// CONNECTs and subscriptions refused: `[mqtt] memory-mib`.
    TotalMemoryRefusals,
    /// Messages dropped: the receiver's own Maximum Packet Size (MQTT 5).
    ClientPacketSize,
    /// Messages dropped: `[mqtt] session-queue-messages`, `session-queue-mib` or
    /// `session-queues-mib`.
    SessionQueue,
    /// CONNECTs of strangers refused: fifteen sixteenths of `[mqtt] memory-mib`.
    Shedding,
    /// Reads of a session's queue put off: `[mqtt] memory-mib`.
    QueueMemory,
    /// Connections held back: `[mqtt] publishes-per-second`.
    PublishRate,
    /// Messages given up after an hour without PUBACK (MQTT 3.1.1).
    Resending,
}

impl Bound {
    const ALL: [Self; 10] = [
        Self::ConnectionMemory,
        Self::TotalMemory,
        Self::TotalMemoryEnds,
        Self::TotalMemoryRefusals,
        Self::ClientPacketSize,
        Self::SessionQueue,
        Self::Shedding,
        Self::QueueMemory,
        Self::PublishRate,
        Self::Resending,
    ];

    /// What was hit.
    pub(super) fn limit(self) -> &'static str {
        match self {
            Self::ConnectionMemory => "[mqtt] memory-per-connection-mib",
            Self::TotalMemory
            | Self::TotalMemoryEnds
            | Self::TotalMemoryRefusals
            | Self::QueueMemory => "[mqtt] memory-mib",
            Self::Shedding => "fifteen sixteenths of [mqtt] memory-mib",
            Self::ClientPacketSize => "the client's Maximum Packet Size",
            Self::SessionQueue => {
                "[mqtt] session-queue-messages, session-queue-mib or session-queues-mib"
            }
            Self::PublishRate => "[mqtt] publishes-per-second",
            Self::Resending => "one hour of sending again",
        }
    }

    /// The counter.
    fn counter(self) -> &'static str {
        match self {
            Self::ConnectionMemory => "messages_dropped_connection_memory",
            Self::TotalMemory => "messages_dropped_total_memory",
            Self::TotalMemoryEnds => "connections_ended_total_memory",
            Self::TotalMemoryRefusals => "requests_refused_total_memory",
            Self::ClientPacketSize => "messages_dropped_client_packet_size",
            Self::SessionQueue => "messages_dropped_session_queue",
            Self::Shedding => "connects_shed_total_memory",
            Self::QueueMemory => "queue_reads_put_off_total_memory",
            Self::PublishRate => "publishes_held_back",
            Self::Resending => "messages_given_up",
        }
    }
}

/// How often each bound was hit since the start.
#[derive(Debug, Default)]
struct Counters([AtomicU64; Bound::ALL.len()]);

/// A message's payload; the message counts in all until the last receiver is done with it.
struct Shared {
    ledger: Arc<Ledger>,
    payload: Box<[u8]>,
    counted: usize,
}

impl AsRef<[u8]> for Shared {
    fn as_ref(&self) -> &[u8] {
        &self.payload
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.ledger.give_back(self.counted);
    }
}

impl Ledger {
    /// With these bounds, bytes.
    pub(super) fn new(per_connection: usize, in_all: usize) -> Arc<Self> {
        Arc::new(Self {
            per_connection,
            in_all,
            held: AtomicUsize::new(0),
            reserved: AtomicUsize::new(0),
            leaving: AtomicUsize::new(0),
            heavy: Mutex::default(),
            counters: Counters::default(),
        })
    }

    /// Bytes that are held.
    pub(super) fn held_bytes(&self) -> u64 {
        u64::try_from(self.held.load(Ordering::Relaxed)).unwrap_or(u64::MAX)
    }

    /// The bound of one connection, bytes.
    pub(super) fn per_connection(&self) -> usize {
        self.per_connection
    }

    /// Takes a message in that many may receive: its payload, and how many bytes it has beside.
    /// `None` when there is no room, which must be counted.
    pub(super) fn share(
        self: &Arc<Self>,
        payload: impl Into<Box<[u8]>>,
        beside: usize,
    ) -> Option<Bytes> {
        let payload = payload.into();
        let counted = payload.len() + beside;
        let ledger = Arc::clone(self);
        self.take(counted).then(|| Bytes::from_owner(Shared { ledger, payload, counted }))
    }

    /// A message that is held already, in any case: as [`Ledger::share`].
    pub(super) fn keep(self: &Arc<Self>, payload: impl Into<Box<[u8]>>, beside: usize) -> Bytes {
        let payload = payload.into();
        let (counted, ledger) = (payload.len() + beside, Arc::clone(self));
        self.add(counted);
        Bytes::from_owner(Shared { ledger, payload, counted })
    }

    /// Counts bytes that are about to be held; whoever holds most makes room if need be. False,
    /// with nothing counted, when there is no room.
    pub(super) fn take(&self, bytes: usize) -> bool {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        if self.in_force() > self.in_all {
            self.relieve();
            if self.in_force() > self.in_all {
                self.give_back(bytes);
                return false;
            }
        }
        true
    }

    /// As [`Ledger::take`] of somebody who can wait: also until those are gone who are to end.
    pub(super) fn take_if_free(&self, bytes: usize) -> bool {
        if !self.take(bytes) {
            return false;
        }
        let is_free = self.held.load(Ordering::Relaxed) <= self.in_all;
        if !is_free {
            self.give_back(bytes);
        }
        is_free
    }

    /// Counts bytes that are held already.
    pub(super) fn add(&self, bytes: usize) {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        if self.in_force() > self.in_all {
            self.relieve();
        }
    }

    /// Counts what a connection keeps for as long as it lasts, which nobody can drop: a part of
    /// the bound is left to messages.
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        let most = self.in_all - self.in_all / LEFT_TO_MESSAGES;
        let reserved = self.reserved.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        if bytes == 0 || (reserved <= most && self.take(bytes)) {
            return true;
        }
        self.reserved.fetch_sub(bytes, Ordering::Relaxed);
        false
    }

    /// Gives back what was reserved.
    pub(super) fn release(&self, bytes: usize) {
        self.reserved.fetch_sub(bytes, Ordering::Relaxed);
        self.give_back(bytes);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether so much is held, also after those paid who hold much, that only those are let in who
    /// are known.
    pub(super) fn is_short(&self) -> bool {
        let room = self.in_all / LEFT_TO_KNOWN;
        let has_room = self.take(room);
        if has_room {
            self.give_back(room);
        }
        !has_room
    }

    /// What is held, without what is about to be given back.
    fn in_force(&self) -> usize {
        let leaving = self.leaving.load(Ordering::Relaxed);
        self.held.load(Ordering::Relaxed).saturating_sub(leaving)
    }

    /// A connection that is to end holds so much until it does.
    pub(super) fn promise(&self, bytes: usize) {
        self.leaving.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn promise_kept(&self, bytes: usize) {
        self.leaving.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// A connection holds more than [`LIGHT`].
    pub(super) fn list(&self, mailbox: &Arc<Mailbox>) {
        self.heavy().insert(address(mailbox), Arc::downgrade(mailbox));
    }

    /// A connection is gone.
    pub(super) fn strike(&self, mailbox: *const Mailbox) {
        self.heavy().remove(&mailbox.addr());
    }

    fn heavy(&self) -> parking_lot::MutexGuard<'_, HashMap<usize, Weak<Mailbox>>> {
        self.heavy.lock()
    }

    /// Those who hold most pay, until there is some room.
    fn relieve(&self) {
        // Out of the lock before any of them is let go: the last owner of a mailbox strikes it.
        let everybody: Vec<_> = self.heavy().values().filter_map(Weak::upgrade).collect();
        let mut payers: Vec<_> =
            everybody.into_iter().map(|mailbox| (mailbox.weight(), mailbox)).collect();
        payers.sort_unstable_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        let enough = self.in_all - self.in_all / RELIEF;
        for (weight, mailbox) in payers {
            if weight < LIGHT {
                self.heavy().remove(&address(&mailbox));
                mailbox.unlist();
            } else if self.in_force() > enough {
                mailbox.pay();
            }
        }
    }

    /// Counts hits of a bound; gives how many there were since the start.
    pub(super) fn count(&self, bound: Bound, hits: u64) -> u64 {
        let Counters(counters) = &self.counters;
        counters
            .get(bound as usize)
            .map_or(0, |counter| counter.fetch_add(hits, Ordering::Relaxed) + hits)
    }

    /// How often each bound was hit since the start, by name.
    pub(super) fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let Counters(counters) = &self.counters;
        let names = Bound::ALL.iter().map(|bound| bound.counter());
        names.zip(counters.iter().map(|counter| counter.load(Ordering::Relaxed)))
    }

    #[cfg(test)]
    pub(super) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    #[cfg(test)]
    pub(super) fn counted(&self, bound: Bound) -> u64 {
        self.count(bound, 0)
    }
}

/// What a subscription takes with its filter, in its connection and in the tree, bytes.
pub(super) fn subscription_bytes(filter: &str) -> usize {
    256 + 2 * filter.len()
}

fn address(mailbox: &Arc<Mailbox>) -> usize {
    Arc::as_ptr(mailbox).addr()
}
