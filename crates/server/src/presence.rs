//! Who is connected, on its way into the registry while connectivity is indexed: what the gateway
//! tells queues here and is written many at a time. Whoever tells waits while the queue is full,
//! so nothing is lost and the queue is bounded.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fleetwright_core::certificate::Instant;
use fleetwright_store::{ConnectionFacts, Presence, Store};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::clock;

/// What is told and not yet written. (ours)
const QUEUE: usize = 4096;
/// Of these, in one write. (ours)
const BATCH: usize = 512;
/// How long a server that stops waits for the last write. (ours)
const DRAIN: Duration = Duration::from_secs(5);
/// Connections of one start of the server that keep their order among those of the next one,
/// a thousandth of a second later. (ours)
const TURNS_PER_MILLI: i64 = 1_000_000;

/// Takes what the gateway tells.
#[derive(Debug)]
pub struct Presences {
    on: AtomicBool,
    /// Who is connected is to be told from the beginning.
    switched_on: Notify,
    queue: mpsc::Sender<Told>,
    first_turn: i64,
}

#[derive(Debug)]
enum Told {
    Seen(Arc<str>, Presence),
    /// Answered when all before it is written.
    Drained(oneshot::Sender<()>),
}

impl Presences {
    /// Starts the writer; it ends when the last `Presences` is gone. `on` is whether connectivity
    /// is indexed now.
    pub fn start(store: Store, on: bool) -> Arc<Self> {
        let (queue, told) = mpsc::channel(QUEUE);
        tokio::spawn(write(told, store));
        let first_turn = clock::now().0.saturating_mul(TURNS_PER_MILLI);
        Arc::new(Self { on: AtomicBool::new(on), switched_on: Notify::new(), queue, first_turn })
    }

    /// Whether connectivity is indexed. While it is not, nothing needs to be told.
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Acquire)
    }

    /// Connectivity is indexed from now on, or no more.
    pub fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Release);
        if on {
            self.switched_on.notify_one();
        }
    }

    /// Comes when everybody who is connected is to be told.
    pub(crate) async fn wanted(&self) {
        self.switched_on.notified().await;
    }

    /// A client connected with this number.
    pub async fn connected(
        &self,
        client: Arc<str>,
        number: u64,
        since: Instant,
        facts: Option<ConnectionFacts>,
    ) {
        let turn = self.turn(number);
        let presence = Presence { turn, connected: true, since, reason: None, connection: facts };
        self.tell(client, presence).await;
    }

    /// As [`Presences::connected`], from where nobody may wait: with a full queue, everybody is
    /// told again later.
    pub fn still_connected(&self, client: Arc<str>, number: u64, since: Instant) {
        if !self.is_on() {
            return;
        }
        let turn = self.turn(number);
        let presence = Presence { turn, connected: true, since, reason: None, connection: None };
        if self.queue.try_send(Told::Seen(client, presence)).is_err() {
            self.switched_on.notify_one();
        }
    }

    /// The client's connection of this number ended.
    pub async fn disconnected(&self, client: Arc<str>, number: u64, at: Instant, reason: &str) {
        let (turn, reason) = (self.turn(number), Some(reason.to_owned()));
        let presence = Presence { turn, connected: false, since: at, reason, connection: None };
        self.tell(client, presence).await;
    }

    /// Waits until what was told is written, a few seconds at most.
    pub async fn drain(&self) {
        let (done, drained) = oneshot::channel();
        if self.queue.send(Told::Drained(done)).await.is_ok() {
            let _ = tokio::time::timeout(DRAIN, drained).await;
        }
    }

    async fn tell(&self, client: Arc<str>, presence: Presence) {
        if self.is_on() {
            // The writer is gone only when the server is.
            let _ = self.queue.send(Told::Seen(client, presence)).await;
        }
    }

    fn turn(&self, number: u64) -> i64 {
        self.first_turn.saturating_add(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

async fn write(mut told: mpsc::Receiver<Told>, store: Store) {
    let mut batch = Vec::with_capacity(BATCH);
    while told.recv_many(&mut batch, BATCH).await > 0 {
        let mut drained = Vec::new();
        let mut seen = Vec::with_capacity(batch.len());
        for told in batch.drain(..) {
            match told {
                Told::Seen(client, presence) => seen.push((client.as_ref().to_owned(), presence)),
                Told::Drained(done) => drained.push(done),
            }
        }
        let count = seen.len();
        if let Err(error) = store.record_presence(seen).await {
            tracing::error!(%error, count, "who is connected cannot be written");
        }
        for done in drained {
            // Whoever waited may have given up.
            let _ = done.send(());
        }
    }
}
