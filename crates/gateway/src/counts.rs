//! What the gateway counts since the start, for `/metrics`.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::Gateway;

/// The counters.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) accepted: Counter,
    pub(crate) denied: Counter,
    pub(crate) unauthenticated: Counter,
    pub(crate) received: Counter,
    pub(crate) sent: Counter,
    /// Provisioning answers by operation and whether they accept: as many as there are of these.
    answers: Mutex<BTreeMap<(&'static str, bool), u64>>,
    /// Ends of connections by AWS's reason: as many as there are of these.
    ended: Mutex<BTreeMap<&'static str, u64>>,
}

/// A number that rises.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn rise(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

impl Counts {
    /// A connection ended.
    pub(crate) fn end(&self, reason: &'static str) {
        *self.ended.lock().entry(reason).or_default() += 1;
    }

    /// A provisioning request was answered on this topic.
    pub(crate) fn answer(&self, topic: &str) {
        let operation = if topic.starts_with("$aws/certificates/create-from-csr/") {
            "CreateCertificateFromCsr"
        } else if topic.starts_with("$aws/certificates/create/") {
            "CreateKeysAndCertificate"
        } else {
            "RegisterThing"
        };
        let accepts = topic.ends_with("/accepted");
        *self.answers.lock().entry((operation, accepts)).or_default() += 1;
    }
}

/// What the gateway measures now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measures {
    /// Clients that are connected.
    pub connections: u64,
    /// CONNECTs that were accepted.
    pub accepted: u64,
    /// CONNECTs that policies did not allow.
    pub denied: u64,
    /// Connections whose certificate is not registered, or not `ACTIVE`.
    pub unauthenticated: u64,
    /// PUBLISHes of clients.
    pub received: u64,
    /// PUBLISHes to clients.
    pub sent: u64,
    /// Bytes that peers make the server hold.
    pub held_bytes: u64,
    /// Provisioning answers: operation, whether it accepts, how many.
    pub answers: Vec<(&'static str, bool, u64)>,
    /// Ends of connections: AWS's reason, how many.
    pub ended: Vec<(&'static str, u64)>,
    /// Hits of bounds: the bound, how many.
    pub bounds: Vec<(&'static str, u64)>,
}

impl Gateway {
    /// What is measured now.
    pub fn measures(&self) -> Measures {
        let counts = &self.counts;
        let answers = counts.answers.lock();
        let answers =
            answers.iter().map(|((operation, accepts), count)| (*operation, *accepts, *count));
        let ended = counts.ended.lock();
        Measures {
            connections: self.directory.count(),
            accepted: counts.accepted.value(),
            denied: counts.denied.value(),
            unauthenticated: counts.unauthenticated.value(),
            received: counts.received.value(),
            sent: counts.sent.value(),
            held_bytes: self.ledger.held_bytes(),
            answers: answers.collect(),
            ended: ended.iter().map(|(reason, count)| (*reason, *count)).collect(),
            bounds: self.counters().collect(),
        }
    }
}
