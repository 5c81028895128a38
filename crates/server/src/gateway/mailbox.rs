//! What other tasks leave for a connection: a bounded queue that costs nothing while empty.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use fleetwright_mqtt::Delivery;

/// Messages waiting for one connection; a further one is dropped and counted. (ours)
const MESSAGES: usize = 1024;

/// A connection's letter box. Notices are flags: leaving one twice is leaving it once.
#[derive(Debug, Default)]
pub(super) struct Mailbox {
    messages: Mutex<VecDeque<Delivery>>,
    taken_over: AtomicBool,
    recheck: AtomicBool,
    dropped: AtomicU64,
    arrived: Notify,
}

impl Mailbox {
    /// Leaves a message; false when the box is full and the message is dropped.
    pub(super) fn leave(&self, message: Delivery) -> bool {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        if messages.len() >= MESSAGES {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            return false;
        }
        messages.push_back(message);
        drop(messages);
        self.arrived.notify_one();
        true
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

    /// Waits for anything new. Cancel-safe.
    pub(super) async fn arrival(&self) {
        self.arrived.notified().await;
    }

    /// The next message.
    pub(super) fn next(&self) -> Option<Delivery> {
        let mut messages = self.messages.lock().unwrap_or_else(PoisonError::into_inner);
        let next = messages.pop_front();
        if messages.is_empty() && messages.capacity() > 64 {
            *messages = VecDeque::new();
        }
        next
    }

    /// Whether the client id was taken over.
    pub(super) fn is_taken_over(&self) -> bool {
        self.taken_over.load(Ordering::Acquire)
    }

    /// Whether a recheck was asked for; asking again starts anew.
    pub(super) fn recheck_asked(&self) -> bool {
        self.recheck.swap(false, Ordering::AcqRel)
    }

    /// Messages dropped since last asked.
    pub(super) fn take_dropped(&self) -> u64 {
        self.dropped.swap(0, Ordering::Relaxed)
    }
}
