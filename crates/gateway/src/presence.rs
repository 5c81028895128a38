//! Who is connected, on its way into the registry while connectivity is indexed: what the gateway
//! tells queues here and is written many at a time. Whoever tells waits while the queue is full,
//! so nothing is lost and the queue is bounded.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fleetwright_core::time::Timestamp;
use fleetwright_store::{ConnectionFacts, Presence, Store};
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, mpsc, oneshot};

/// What is reported and not yet written. (ours)
const QUEUE: usize = 4096;
/// Of these, in one write. (ours)
const BATCH: usize = 512;
/// Of the queue, what telling again leaves to those who come and go. (ours)
const LEFT_FREE: usize = QUEUE / 4;
/// How long telling again pauses while less than that is free. (ours)
const PAUSE: Duration = Duration::from_millis(10);
/// Clients that wait to be reported again by name; beyond that all are. (ours)
const AGAIN: usize = 4096;
/// How long a server that stops waits for the last write. (ours)
const DRAIN: Duration = Duration::from_secs(5);
/// Turn of a connection of number zero. Beyond the turns that earlier versions wrote, which were
/// times in millionths of a millisecond (until the year 2116). (ours)
const FIRST_TURN: i64 = 1 << 62;

/// Takes what the gateway tells.
#[derive(Debug)]
pub struct Presences {
    on: AtomicBool,
    /// Who is to be reported again.
    again: Mutex<Again>,
    asked: Notify,
    queue: mpsc::Sender<PresenceEvent>,
}

/// Who is to be reported again, if still connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Again {
    /// Those who are connected.
    Everybody,
    /// These clients, at most [`AGAIN`].
    Clients(HashSet<Arc<str>>),
}

impl Default for Again {
    fn default() -> Self {
        Self::Clients(HashSet::new())
    }
}

impl Again {
    fn add(&mut self, client: Arc<str>) {
        if let Self::Clients(clients) = self {
            clients.insert(client);
            if clients.len() > AGAIN {
                *self = Self::Everybody;
            }
        }
    }
}

#[derive(Debug)]
enum PresenceEvent {
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
        Arc::new(Self::with(queue, on))
    }

    fn with(queue: mpsc::Sender<PresenceEvent>, on: bool) -> Self {
        Self { on: AtomicBool::new(on), again: Mutex::default(), asked: Notify::new(), queue }
    }

    /// Whether connectivity is indexed. While it is not, nothing needs to be reported.
    pub fn is_on(&self) -> bool {
        self.on.load(Ordering::Acquire)
    }

    /// Connectivity is indexed from now on, or no more.
    pub fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Release);
        if on {
            *self.again() = Again::Everybody;
            self.asked.notify_one();
        }
    }

    /// Comes with those that are to be reported again.
    pub(crate) async fn wanted(&self) -> Again {
        self.asked.notified().await;
        std::mem::take(&mut *self.again())
    }

    /// As [`Presences::connected`], of a connection whose facts are known already or not at hand;
    /// waits until the queue has room for others too.
    pub(crate) async fn connected_again(&self, client: Arc<str>, number: u64, since: Timestamp) {
        while self.is_on() && self.queue.capacity() <= LEFT_FREE {
            tokio::time::sleep(PAUSE).await;
        }
        self.connected(client, number, since, None).await;
    }

    fn again(&self) -> MutexGuard<'_, Again> {
        self.again.lock()
    }

    /// A client connected with this number.
    pub async fn connected(
        &self,
        client: Arc<str>,
        number: u64,
        since: Timestamp,
        facts: Option<ConnectionFacts>,
    ) {
        let turn = turn(number);
        let presence = Presence { turn, connected: true, since, reason: None, connection: facts };
        self.tell(client, presence).await;
    }

    /// As [`Presences::connected`], from where nobody may wait: with a full queue, the client is told
    /// again later.
    pub(crate) fn still_connected(&self, client: Arc<str>, number: u64, since: Timestamp) {
        if !self.is_on() {
            return;
        }
        let turn = turn(number);
        let presence = Presence { turn, connected: true, since, reason: None, connection: None };
        if self.queue.try_send(PresenceEvent::Seen(Arc::clone(&client), presence)).is_err() {
            self.again().add(client);
            self.asked.notify_one();
        }
    }

    /// The client's connection of this number ended.
    pub async fn disconnected(&self, client: Arc<str>, number: u64, at: Timestamp, reason: &str) {
        let (turn, reason) = (turn(number), Some(reason.to_owned()));
        let presence = Presence { turn, connected: false, since: at, reason, connection: None };
        self.tell(client, presence).await;
    }

    /// Waits until what was reported is written, a few seconds at most.
    pub async fn drain(&self) {
        let (done, drained) = oneshot::channel();
        if self.queue.send(PresenceEvent::Drained(done)).await.is_ok() {
            let _ = tokio::time::timeout(DRAIN, drained).await;
        }
    }

    async fn tell(&self, client: Arc<str>, presence: Presence) {
        if self.is_on() {
            // The writer is gone only when the server is.
            let _ = self.queue.send(PresenceEvent::Seen(client, presence)).await;
        }
    }
}

fn turn(number: u64) -> i64 {
    FIRST_TURN.saturating_add(i64::try_from(number).unwrap_or(i64::MAX))
}

async fn write(mut told: mpsc::Receiver<PresenceEvent>, store: Store) {
    let mut batch = Vec::with_capacity(BATCH);
    while told.recv_many(&mut batch, BATCH).await > 0 {
        let mut drained = Vec::new();
        let mut seen = Vec::with_capacity(batch.len());
        for told in batch.drain(..) {
            match told {
                PresenceEvent::Seen(client, presence) => {
                    seen.push((client.as_ref().to_owned(), presence))
                }
                PresenceEvent::Drained(done) => drained.push(done),
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

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(0);

    /// With a full queue.
    fn full() -> (Presences, mpsc::Receiver<PresenceEvent>) {
        let (queue, told) = mpsc::channel(QUEUE);
        let presences = Presences::with(queue, true);
        for number in 0..QUEUE as u64 {
            presences.still_connected("first".into(), number, NOW);
        }
        (presences, told)
    }

    #[tokio::test]
    async fn who_finds_the_queue_full_is_told_again_and_nobody_else() {
        let (presences, _told) = full();
        for client in ["a", "b", "a"] {
            presences.still_connected(client.into(), 1, NOW);
        }
        let expected = ["a".into(), "b".into()].into();
        assert_eq!(presences.wanted().await, Again::Clients(expected));
        presences.still_connected("c".into(), 1, NOW);
        assert_eq!(presences.wanted().await, Again::Clients(["c".into()].into()));
    }

    #[tokio::test]
    async fn beyond_so_many_names_everybody_is_told_again() {
        let (presences, _told) = full();
        for number in 0..=AGAIN {
            presences.still_connected(number.to_string().into(), 1, NOW);
        }
        assert_eq!(presences.wanted().await, Again::Everybody);
    }

    #[tokio::test]
    async fn telling_again_leaves_room_for_those_who_come_and_go() {
        let (presences, mut told) = full();
        let presences = Arc::new(presences);
        let telling = tokio::spawn({
            let presences = Arc::clone(&presences);
            async move {
                for number in 0..10_u64 {
                    presences.connected_again("again".into(), number, NOW).await;
                }
            }
        });
        while presences.queue.capacity() < LEFT_FREE {
            assert!(told.recv().await.is_some());
        }
        tokio::time::sleep(PAUSE * 3).await;
        assert_eq!(presences.queue.capacity(), LEFT_FREE);
        assert!(told.recv_many(&mut Vec::new(), QUEUE).await > 0);
        telling.await.unwrap();
    }
}
