//! What other tasks leave for a connection, and what the connection holds: bounded in bytes by the
//! [`Ledger`], at next to no cost while it idles.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use fleetwright_host::clock;
use fleetwright_mqtt::{Delivery, Qos};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;

use super::ledger::{Bound, LIGHT, Ledger};
use super::order::{ORDERS, Order};

/// A queue of this many places is kept while it is empty; a larger one is given back. (ours)
const KEPT: usize = 8;
/// Hits of a bound by one connection that are less apart are one burst, milliseconds. (ours)
const BURST: u64 = 10_000;

/// A connection's letter box and account. Notices are flags: leaving one twice is leaving it once.
#[derive(Debug)]
pub(super) struct Mailbox {
    ledger: Arc<Ledger>,
    /// For the log; known once the connection may connect.
    client_id: OnceLock<Arc<str>>,
    queues: Mutex<Option<Box<Queues>>>,
    /// Messages in the queues.
    waiting: AtomicUsize,
    /// Messages that wait for the client's PUBACK.
    in_flight: AtomicUsize,
    /// Bytes of the messages that wait here, in the session and in line, whoever shares them.
    messages: AtomicUsize,
    /// Bytes of buffers, counted in all too.
    buffers: AtomicUsize,
    /// Bytes of subscriptions and will, counted in all too.
    fixed: AtomicUsize,
    /// Bytes that are promised to the ledger.
    promised: AtomicUsize,
    /// When a bound was last hit, milliseconds; 0 if never.
    last_hit: AtomicU64,
    taken_over: AtomicBool,
    recheck: AtomicBool,
    queued: AtomicBool,
    must_end: AtomicBool,
    listed: AtomicBool,
    /// Boxed: a connection that idles has none, and keeps a pointer's room for them.
    #[expect(clippy::box_collection, reason = "a Vec is three pointers in every connection")]
    orders: Mutex<Option<Box<Vec<Order>>>>,
    arrived: Notify,
}

/// Messages by QoS: QoS 0 need not wait for the window of QoS 1.
#[derive(Debug, Default)]
struct Queues {
    next: u64,
    at_most_once: VecDeque<Waiting>,
    at_least_once: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    order: u64,
    /// Milliseconds.
    since: u64,
    message: Delivery,
}

impl Mailbox {
    pub(super) fn new(ledger: &Arc<Ledger>) -> Arc<Self> {
        Arc::new(Self {
            ledger: Arc::clone(ledger),
            client_id: OnceLock::new(),
            queues: Mutex::default(),
            waiting: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            messages: AtomicUsize::new(0),
            buffers: AtomicUsize::new(0),
            fixed: AtomicUsize::new(0),
            promised: AtomicUsize::new(0),
            last_hit: AtomicU64::new(0),
            taken_over: AtomicBool::new(false),
            recheck: AtomicBool::new(false),
            queued: AtomicBool::new(false),
            must_end: AtomicBool::new(false),
            listed: AtomicBool::new(false),
            orders: Mutex::default(),
            arrived: Notify::new(),
        })
    }

    /// Whose it is, for the log.
    pub(super) fn belongs_to(&self, client_id: Arc<str>) {
        // Set once, when the connection comes in.
        let _ = self.client_id.set(client_id);
    }

    /// Leaves a message; false when a bound is hit and the message is dropped, which is counted
    /// and logged.
    pub(super) fn leave(self: &Arc<Self>, message: Delivery) -> bool {
        let cost = message.cost();
        if !self.has_room(cost) {
            self.hit(Bound::ConnectionMemory, 1);
            return false;
        }
        self.messages.fetch_add(cost, Ordering::Relaxed);
        if !self.ledger.take(Delivery::OVERHEAD) {
            self.messages.fetch_sub(cost, Ordering::Relaxed);
            self.hit(Bound::TotalMemory, 1);
            return false;
        }
        self.list_if_heavy();
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let mut queues = self.queues();
        let queues_made = queues.get_or_insert_default();
        let order = queues_made.next;
        queues_made.next += 1;
        let queue = queues_made.of(message.qos);
        let first = queue.is_empty();
        queue.push_back(Waiting { order, since: clock::monotonic_millis(), message });
        drop(queues);
        // Whoever left one behind looks again by itself, once there is room.
        if first {
            self.arrived.notify_one();
        }
        true
    }

    /// Whether a message that counts so much would find room.
    pub(super) fn has_room(&self, cost: usize) -> bool {
        self.used().saturating_add(cost) <= self.ledger.per_connection()
    }

    /// The next message that has not expired; of QoS 1 only if those may be sent now.
    pub(super) fn next(&self, at_least_once: bool) -> Option<Delivery> {
        loop {
            let mut queues = self.queues();
            let made = queues.as_mut()?;
            let first = |queue: &VecDeque<Waiting>| queue.front().map(|waiting| waiting.order);
            let (zero, one) = (first(&made.at_most_once), first(&made.at_least_once));
            let qos = match (zero, one.filter(|_| at_least_once)) {
                (Some(zero), Some(one)) if one < zero => Qos::AtLeastOnce,
                (Some(_), _) => Qos::AtMostOnce,
                (None, Some(_)) => Qos::AtLeastOnce,
                (None, None) => return None,
            };
            let Waiting { since, message, .. } = made.of(qos).pop_front()?;
            if made.is_empty() && made.capacity() > KEPT {
                *queues = None;
            }
            drop(queues);
            self.forget(1, message.cost());
            let waited = clock::monotonic_millis().saturating_sub(since);
            if let Some(message) = message.aged(waited) {
                return Some(message);
            }
        }
    }

    /// So many messages that counted so much are no longer in the queues.
    fn forget(&self, count: usize, cost: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
        self.messages.fetch_sub(cost, Ordering::Relaxed);
        self.ledger.give_back(count * Delivery::OVERHEAD);
    }

    fn queues(&self) -> MutexGuard<'_, Option<Box<Queues>>> {
        self.queues.lock()
    }

    /// Whether messages wait in the queues.
    pub(super) fn has_messages(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Messages that wait for the connection, or for its client's PUBACK.
    pub(super) fn load(&self) -> usize {
        self.waiting.load(Ordering::Relaxed) + self.in_flight.load(Ordering::Relaxed)
    }

    /// The connection holds so much itself; replaces what it said before. Only the connection's
    /// task calls it, with what was said before.
    pub(super) fn hold(self: &Arc<Self>, before: Holding, now: Holding) {
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
    pub(super) fn reserve(&self, bytes: usize) -> bool {
        if !self.ledger.reserve(bytes) {
            self.hit(Bound::TotalMemoryRefusals, 1);
            return false;
        }
        self.fixed.fetch_add(bytes, Ordering::Relaxed);
        true
    }

    /// Gives back what was reserved.
    pub(super) fn release(&self, bytes: usize) {
        self.fixed.fetch_sub(bytes, Ordering::Relaxed);
        self.ledger.release(bytes);
    }

    /// Bytes that the connection holds because of how it behaves now.
    pub(super) fn weight(&self) -> usize {
        self.messages.load(Ordering::Relaxed) + self.buffers.load(Ordering::Relaxed)
    }

    fn used(&self) -> usize {
        self.weight() + self.fixed.load(Ordering::Relaxed)
    }

    fn list_if_heavy(self: &Arc<Self>) {
        if self.weight() >= LIGHT && !self.listed.swap(true, Ordering::Relaxed) {
            self.ledger.list(self);
        }
    }

    /// The ledger forgets the connection until it is heavy again.
    pub(super) fn unlist(&self) {
        self.listed.store(false, Ordering::Relaxed);
    }

    /// Makes room for others: drops what waits; where that is the lesser part of what is held, ends
    /// the connection.
    pub(super) fn pay(&self) {
        if self.must_end() {
            return;
        }
        let weight = self.weight();
        let dropped = self.queues().take();
        let (count, cost) = dropped.as_deref().map_or((0, 0), Queues::size);
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
    pub(super) fn hit(&self, bound: Bound, hits: u64) {
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
                    Bound::TotalMemoryRefusals => "a subscription or will has no room",
                    Bound::ClientPacketSize => "messages dropped: too large for the client",
                    Bound::SessionQueue => "messages dropped: too much is queued for the session",
                    Bound::PublishRate => "the client publishes too often, and is read more slowly",
                    Bound::Resending => "messages given up: the client never acknowledged them",
                }
            );
        }
    }

    /// Whether the connection must end to make room.
    pub(super) fn must_end(&self) -> bool {
        self.must_end.load(Ordering::Acquire)
    }

    /// Tells the connection that another one has its client id.
    pub(super) fn take_over(&self) {
        self.taken_over.store(true, Ordering::Release);
        self.arrived.notify_one();
    }

    /// Tells the connection that its certificate, its thing or their policies changed.
    pub(super) fn ask_recheck(&self) {
        self.recheck.store(true, Ordering::Release);
        self.arrived.notify_one();
    }

    /// Tells the connection that something came to its session's queue.
    pub(super) fn tell_queued(&self) {
        self.queued.store(true, Ordering::Release);
        self.arrived.notify_one();
    }

    /// Whether something came to the queue; asking again starts anew.
    pub(super) fn told_queued(&self) -> bool {
        self.queued.swap(false, Ordering::AcqRel)
    }

    /// Asks the connection to do something; false when too much waits already.
    pub(super) fn order(&self, order: Order) -> bool {
        let mut orders = self.orders.lock();
        let made = orders.get_or_insert_default();
        if made.len() >= ORDERS {
            return false;
        }
        made.push(order);
        drop(orders);
        self.arrived.notify_one();
        true
    }

    /// What the connection is asked to do.
    pub(super) fn take_orders(&self) -> Vec<Order> {
        self.orders.lock().take().map(|orders| *orders).unwrap_or_default()
    }

    fn has_orders(&self) -> bool {
        self.orders.lock().is_some()
    }

    /// Waits for anything new. Cancel-safe.
    pub(super) async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// Whether there is a notice that nobody has looked at.
    pub(super) fn has_notice(&self) -> bool {
        self.is_taken_over()
            || self.must_end()
            || self.recheck.load(Ordering::Acquire)
            || self.has_orders()
    }

    /// Whether the client id was taken over.
    pub(super) fn is_taken_over(&self) -> bool {
        self.taken_over.load(Ordering::Acquire)
    }

    /// Whether a recheck was asked for; asking again starts anew.
    pub(super) fn recheck_asked(&self) -> bool {
        self.recheck.swap(false, Ordering::AcqRel)
    }
}

/// What a connection's own task holds, bytes and messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Holding {
    /// Bytes of buffers.
    pub(super) buffers: usize,
    /// Bytes of messages, whoever shares them.
    pub(super) messages: usize,
    /// Messages that wait for a PUBACK.
    pub(super) in_flight: usize,
}

impl Queues {
    fn of(&mut self, qos: Qos) -> &mut VecDeque<Waiting> {
        match qos {
            Qos::AtMostOnce => &mut self.at_most_once,
            Qos::AtLeastOnce => &mut self.at_least_once,
        }
    }

    fn is_empty(&self) -> bool {
        self.at_most_once.is_empty() && self.at_least_once.is_empty()
    }

    fn capacity(&self) -> usize {
        self.at_most_once.capacity() + self.at_least_once.capacity()
    }

    /// How many messages wait, and what they count.
    fn size(&self) -> (usize, usize) {
        let all = self.at_most_once.iter().chain(&self.at_least_once);
        all.fold((0, 0), |(count, cost), waiting| (count + 1, cost + waiting.message.cost()))
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
