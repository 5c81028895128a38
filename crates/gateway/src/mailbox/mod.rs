//! What other tasks leave for a connection, and what the connection holds: bounded in bytes by the
//! [`Ledger`], at next to no cost while it idles.

mod account;
mod notices;
mod queues;

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use fleetwright_host::clock;
use fleetwright_mqtt::Delivery;
use parking_lot::Mutex;
use tokio::sync::Notify;

pub(super) use self::account::Holding;
use self::queues::Queues;
use super::ledger::{Bound, Ledger};
use super::order::Order;

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
        let now = clock::monotonic_millis();
        let first = self.queues.lock().get_or_insert_default().push(message, now);
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
            let mut queues = self.queues.lock();
            let made = queues.as_mut()?;
            let (message, since) = made.pop(at_least_once)?;
            if made.is_to_be_given_back() {
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

    /// Whether messages wait in the queues.
    pub(super) fn has_messages(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// Messages that wait for the connection, or for its client's PUBACK.
    pub(super) fn load(&self) -> usize {
        self.waiting.load(Ordering::Relaxed) + self.in_flight.load(Ordering::Relaxed)
    }

    /// Waits for anything new. Cancel-safe.
    pub(super) async fn arrival(&self) {
        self.arrived.notified().await;
    }
}
