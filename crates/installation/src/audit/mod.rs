//! The audit trail's way into the registry.
//!
//! The record of an operation that changes something is part of the change's own commit: a
//! [`Recording`] made by `recording` goes there with [`Store::recording`]. What changed nothing,
//! reads and refusals, queues here after its answer, gathers for a moment and is written many at a
//! time, sharing the commits of whatever else is written.
//!
//! A record holds names: who, the operation, the resource as the path names it, the parameters'
//! names. Values of query and body are never kept, for some are secrets.

mod checkpoint;
mod settings;
mod verify;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use checkpoint::{CheckpointKey, CheckpointPublicKey, Checkpoints};
use fleetwright_core::audit::RETENTION;
pub use fleetwright_core::audit::{Finding, Report, SignedCheckpoint};
use fleetwright_core::time::Timestamp;
use fleetwright_host::background::every;
use fleetwright_host::{clock, random};
use fleetwright_store::{AuditRecord, Recording, Store};
use parking_lot::Mutex;
pub use settings::Settings;
use tokio::sync::{mpsc, oneshot, watch};
pub use verify::{Verification, checkpoint, public_key, verify};

/// Records that wait to be written; whoever brings a further one waits. (ours)
const QUEUE: usize = 4096;
/// Records of one write. (ours)
const BATCH: usize = 1024;
/// Attempts to write a batch before it is given up and its loss logged. (ours)
const ATTEMPTS: u32 = 4;
/// Pause before the second attempt; each further one doubles it. (ours)
const PAUSE: Duration = Duration::from_millis(100);
/// How long somebody who wants everything written waits. (ours)
const FLUSH: Duration = Duration::from_secs(5);
/// Denials of proven principals kept per second. (ours)
const DENIALS_PER_SECOND: u32 = 100;
/// Records of unauthenticated callers kept per second, whatever they came to: they cost us a write and them
/// nothing, and may not hide what insiders do. (ours)
const STRANGERS_PER_SECOND: u32 = 100;
/// Characters of a text from outside. (ours)
const TEXT_CHARS: usize = 512;
/// How often old records are looked for.
const PURGE_EVERY: Duration = Duration::from_secs(30);
/// Records removed in one transaction.
const PURGE_AT_ONCE: usize = 1000;

/// Takes records.
#[derive(Debug)]
pub struct Audit {
    queue: mpsc::Sender<Entry>,
    denials: Allowance,
    strangers: Allowance,
}

/// So many records a second.
#[derive(Debug)]
struct Allowance {
    per_second: u32,
    /// The second, and the records that came in it.
    seen: Mutex<(u64, u32)>,
    left_out: AtomicU64,
}

/// What waits for the writer.
#[derive(Debug)]
enum Entry {
    Record(Box<AuditRecord>),
    /// Somebody wants to know that everything before it is written.
    Flush(oneshot::Sender<()>),
}

impl Audit {
    /// Starts the writer; it ends when the last `Audit` is gone.
    ///
    /// Records gather for `gather` before a write: a commit for each would cost more than what it
    /// tells of. A machine that fails loses the records of this time, and those that queued while
    /// the write before was under way.
    pub fn start(store: Store, gather: Duration) -> Arc<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write(waiting, store, gather));
        Arc::new(Self::with(queue))
    }

    fn with(queue: mpsc::Sender<Entry>) -> Self {
        Self {
            queue,
            denials: Allowance::of(DENIALS_PER_SECOND),
            strangers: Allowance::of(STRANGERS_PER_SECOND),
        }
    }

    /// Takes a record; waits when too many are waiting.
    pub async fn record(&self, record: AuditRecord) {
        if !self.keeps(&record, clock::monotonic_millis() / 1000) {
            return;
        }
        let record = bounded(record);
        // The writer is gone only when the server is.
        let _ = self.queue.send(Entry::Record(Box::new(record))).await;
    }

    /// Comes when every record that was taken before is written or known to be lost, or after
    /// five seconds, which is logged.
    pub async fn flush(&self) {
        let (told, written) = oneshot::channel();
        let all = async {
            if self.queue.send(Entry::Flush(told)).await.is_ok() {
                let _ = written.await;
            }
        };
        if tokio::time::timeout(FLUSH, all).await.is_err() {
            tracing::warn!(waited = ?FLUSH, "records of the audit trail are still not written");
        }
    }

    /// Whether there is room for a record in this second; what is left out is counted in the log.
    fn keeps(&self, record: &AuditRecord, second: u64) -> bool {
        let (allowance, of) = if record.principal == ANONYMOUS {
            (&self.strangers, "strangers")
        } else if record.outcome == DENIED {
            (&self.denials, "denials")
        } else {
            return true;
        };
        let keeps = allowance.spend(second);
        if !keeps {
            let left_out = allowance.left_out.fetch_add(1, Ordering::Relaxed) + 1;
            if left_out.is_power_of_two() {
                tracing::warn!(
                    of,
                    left_out,
                    "records left out of the audit trail: too many a second"
                );
            }
        }
        keeps
    }
}

impl Allowance {
    fn of(per_second: u32) -> Self {
        Self { per_second, seen: Mutex::default(), left_out: AtomicU64::new(0) }
    }

    fn spend(&self, second: u64) -> bool {
        let mut seen = self.seen.lock();
        if seen.0 != second {
            *seen = (second, 0);
        }
        seen.1 = seen.1.saturating_add(1);
        seen.1 <= self.per_second
    }
}

/// The record of what the server does by itself.
pub(crate) fn of_server(operation: &str, resource: Option<String>) -> AuditRecord {
    let request_id = random::uuid().map(|id| id.to_string()).unwrap_or_default();
    accepted(SERVER.to_owned(), operation, resource, request_id)
}

/// The record of what was done, at this moment, without more than who, what and on what.
pub fn accepted(
    principal: String,
    operation: &str,
    resource: Option<String>,
    request_id: String,
) -> AuditRecord {
    AuditRecord {
        at: clock::now(),
        principal,
        client_id: None,
        operation: operation.to_owned(),
        resource,
        parameters: String::new(),
        source: None,
        outcome: ACCEPTED.to_owned(),
        code: None,
        reason: None,
        request_id,
    }
}

/// An operation's record, to be kept with its change.
pub fn recording(record: AuditRecord) -> Arc<Recording> {
    Recording::new(bounded(record))
}

/// The record with no text longer than [`TEXT_CHARS`].
fn bounded(mut record: AuditRecord) -> AuditRecord {
    let texts = [&mut record.client_id, &mut record.resource, &mut record.reason];
    for text in texts.into_iter().flatten().chain([&mut record.parameters]) {
        shorten(text);
    }
    record
}

/// At most [`TEXT_CHARS`] characters.
fn shorten(text: &mut String) {
    if let Some((end, _)) = text.char_indices().nth(TEXT_CHARS) {
        text.truncate(end);
    }
}

/// The principal of whoever proved nothing.
pub const ANONYMOUS: &str = "anonymous";
/// The principal of what the server does by itself.
pub(crate) const SERVER: &str = "fleetwright";
/// It was done.
pub const ACCEPTED: &str = "Accepted";
/// It could not be done.
pub const REJECTED: &str = "Rejected";
/// It may not be done, or who asks is not proven.
pub const DENIED: &str = "Denied";

async fn write(mut waiting: mpsc::Receiver<Entry>, store: Store, gather: Duration) {
    let mut batch = Vec::new();
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        gather_more(&mut waiting, &mut batch, gather).await;
        let (mut records, mut flushes) = (Vec::with_capacity(batch.len()), Vec::new());
        for entry in batch.drain(..) {
            match entry {
                Entry::Record(record) => records.push(*record),
                Entry::Flush(told) => flushes.push(told),
            }
        }
        let count = records.len();
        let records: Arc<[AuditRecord]> = records.into();
        if count > 0
            && let Err(error) = persisting(|| store.append_audit(Arc::clone(&records))).await
        {
            tracing::error!(%error, count, "records of the audit trail are lost");
        }
        for told in flushes {
            let _ = told.send(());
        }
    }
}

/// Lets further records come for a while, unless somebody waits for what is there.
async fn gather_more(
    waiting: &mut mpsc::Receiver<Entry>,
    batch: &mut Vec<Entry>,
    gather: Duration,
) {
    let until = tokio::time::Instant::now() + gather;
    while batch.len() < BATCH && !batch.iter().any(|entry| matches!(entry, Entry::Flush(_))) {
        match tokio::time::timeout_at(until, waiting.recv()).await {
            Ok(Some(entry)) => batch.push(entry),
            Ok(None) | Err(_) => return,
        }
    }
}

/// Attempts a write until it is done, [`ATTEMPTS`] times at most.
async fn persisting<E, F>(mut attempt: impl FnMut() -> F) -> Result<(), E>
where
    F: Future<Output = Result<(), E>>,
{
    let mut pause = PAUSE;
    for _ in 1..ATTEMPTS {
        if attempt().await.is_ok() {
            return Ok(());
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2);
    }
    attempt().await
}

/// Removes records that are too old or too many, for ever; the settings may change meanwhile.
pub async fn purge(store: Store, settings: watch::Receiver<Settings>) {
    every(PURGE_EVERY, || async {
        let Settings { days, records, .. } = *settings.borrow();
        let days = i64::from(days);
        let before = Timestamp(clock::trusted_now().0 - days * 24 * 60 * 60 * 1000);
        let told = of_server(RETENTION, None);
        let purged = store.purge_audit(before, records, PURGE_AT_ONCE, told).await;
        let purged = purged.inspect_err(
            |error| tracing::error!(%error, "cannot remove old records of the audit trail"),
        );
        matches!(purged, Ok(PURGE_AT_ONCE))
    })
    .await
}

#[cfg(test)]
mod tests;
