//! The audit trail's way into the registry: records queue here and are written many at a time,
//! sharing the commits of whatever else is written.
//!
//! A record holds names: who, the operation, the resource as the path names it, the parameters'
//! names. Values of query and body are never kept, for some are secrets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fleetwright_core::certificate::Instant;
use fleetwright_store::{AuditRecord, Store};
use tokio::sync::mpsc;

use crate::{clock, config};

/// Records that wait to be written; whoever brings a further one waits. (ours)
const QUEUE: usize = 4096;
/// Records of one write. (ours)
const BATCH: usize = 256;
/// Denials kept per second; those of strangers cost us a write and them nothing. (ours)
const DENIALS_PER_SECOND: u32 = 100;
/// Characters of a text from outside. (ours)
const TEXT_CHARS: usize = 512;
/// How often old records are looked for.
const PURGE_EVERY: Duration = Duration::from_secs(30);
/// Records removed in one transaction.
const PURGE_AT_ONCE: usize = 1000;

/// Takes records.
#[derive(Debug)]
pub struct Audit {
    queue: mpsc::Sender<AuditRecord>,
    /// The second, and the denials that were kept in it.
    denials: Mutex<(u64, u32)>,
    left_out: AtomicU64,
}

impl Audit {
    /// Starts the writer; it ends when the last `Audit` is gone.
    pub fn start(store: Store) -> Arc<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE);
        tokio::spawn(write(waiting, store));
        Arc::new(Self { queue, denials: Mutex::default(), left_out: AtomicU64::new(0) })
    }

    /// Takes a record; waits when too many are waiting.
    pub async fn record(&self, mut record: AuditRecord) {
        if record.outcome == DENIED && !self.keeps_denial(clock::monotonic_millis() / 1000) {
            let left_out = self.left_out.fetch_add(1, Ordering::Relaxed) + 1;
            if left_out.is_power_of_two() {
                tracing::warn!(left_out, "denials left out of the audit trail: too many a second");
            }
            return;
        }
        for text in [&mut record.client_id, &mut record.resource, &mut record.reason] {
            *text = text.take().map(|text| text.chars().take(TEXT_CHARS).collect());
        }
        record.parameters = record.parameters.chars().take(TEXT_CHARS).collect();
        // The writer is gone only when the server is.
        let _ = self.queue.send(record).await;
    }

    fn keeps_denial(&self, second: u64) -> bool {
        let mut denials = self.denials.lock().unwrap_or_else(PoisonError::into_inner);
        if denials.0 != second {
            *denials = (second, 0);
        }
        denials.1 += 1;
        denials.1 <= DENIALS_PER_SECOND
    }
}

/// It was done.
pub const ACCEPTED: &str = "Accepted";
/// It could not be done.
pub const REJECTED: &str = "Rejected";
/// It may not be done, or who asks is not proven.
pub const DENIED: &str = "Denied";

async fn write(mut waiting: mpsc::Receiver<AuditRecord>, store: Store) {
    let mut batch = Vec::with_capacity(BATCH);
    while waiting.recv_many(&mut batch, BATCH).await > 0 {
        let count = batch.len();
        if let Err(error) = store.append_audit(std::mem::take(&mut batch)).await {
            tracing::error!(%error, count, "records of the audit trail are lost");
        }
    }
}

/// Removes records that are too old or too many, for ever.
pub(crate) async fn purge(store: Store, settings: config::Audit) {
    let days = i64::from(settings.days);
    loop {
        let before = Instant(clock::now().0 - days * 24 * 60 * 60 * 1000);
        match store.purge_audit(before, settings.records, PURGE_AT_ONCE).await {
            Ok(PURGE_AT_ONCE) => continue,
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "cannot remove old records of the audit trail"),
        }
        tokio::time::sleep(PURGE_EVERY).await;
    }
}
