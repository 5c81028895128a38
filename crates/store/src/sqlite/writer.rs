//! The one thread that writes. It takes the jobs that wait, runs each in a savepoint of one
//! transaction, commits once, and only then answers: durable before acknowledged, one fsync for
//! many devices.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use fleetwright_core::arn::AccountScope;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::condition::Condition;
use crate::sql::{BeforeCommit, Sql};
use crate::{Change, ChangeSink, StoreError};

/// Jobs that may wait; further callers wait to enter (ours).
const QUEUE: usize = 4096;
/// Jobs of one commit, at most (ours).
const BATCH: usize = 512;

/// How long a commit waits for a further job when the one before it had several, and how many
/// times over while such jobs come (ours).
const GATHER: Duration = Duration::from_micros(500);
const GATHER_TIMES: u32 = 6;

pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    pub(super) fn start(
        connection: Connection,
        scope: Arc<AccountScope>,
        condition: Arc<Condition>,
        changes: Arc<dyn ChangeSink>,
        before_commit: Box<dyn BeforeCommit>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let writing = Loop { connection, scope, condition, changes, before_commit };
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || writing.run(jobs))?;
        Ok(Self { queue: Some(queue), thread: Mutex::new(Some(thread)) })
    }

    /// Runs a job and answers when it is durable. A caller that goes away does not stop its job.
    pub(super) async fn run<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let stopped = || StoreError::Unavailable("the writer has stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        let work = Work { job: Some(job), result: None, answer };
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(Box::new(work)).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // A panic of the thread was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// A write that waits for its commit.
trait Job: Send {
    /// Runs it; answers whether its effects are to be kept.
    fn run(&mut self, sql: &Sql<'_>) -> bool;
    /// Tells its caller; `failed` is why nothing of the transaction was kept.
    fn answer(self: Box<Self>, failed: Option<&StoreError>);
}

struct Work<F, T> {
    job: Option<F>,
    result: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Work<F, T>
where
    T: Send + 'static,
    F: FnOnce(&Sql<'_>) -> Result<T, StoreError> + Send + 'static,
{
    fn run(&mut self, sql: &Sql<'_>) -> bool {
        let Some(job) = self.job.take() else { return false };
        let result = catch_unwind(AssertUnwindSafe(|| job(sql)))
            .unwrap_or_else(|_| Err(StoreError::Corrupt("a write panicked".to_owned())));
        self.result.insert(result).is_ok()
    }

    fn answer(self: Box<Self>, failed: Option<&StoreError>) {
        let result = match (self.result, failed) {
            // A refusal, too: it may rest on what an earlier job of the transaction wrote, and
            // that is not there.
            (_, Some(failed)) => Err(failed.clone()),
            (Some(result), None) => result,
            (None, None) => Err(StoreError::Unavailable("the write was not begun".to_owned())),
        };
        // The caller may have gone away.
        let _ = self.answer.send(result);
    }
}

struct Loop {
    connection: Connection,
    scope: Arc<AccountScope>,
    condition: Arc<Condition>,
    changes: Arc<dyn ChangeSink>,
    before_commit: Box<dyn BeforeCommit>,
}

impl Loop {
    fn run(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        let mut is_busy = false;
        while jobs.blocking_recv_many(&mut batch, BATCH) > 0 {
            // One write alone is committed at once; among many, each waits while others come.
            let mut waits = if is_busy { GATHER_TIMES } else { 0 };
            while waits > 0 && batch.len() < BATCH {
                std::thread::sleep(GATHER);
                let before = batch.len();
                while batch.len() < BATCH
                    && let Ok(job) = jobs.try_recv()
                {
                    batch.push(job);
                }
                waits = if batch.len() > before { waits - 1 } else { 0 };
            }
            is_busy = batch.len() > 1;
            self.commit(&mut batch);
        }
    }

    /// One transaction for all jobs of a batch.
    fn commit(&mut self, batch: &mut Vec<Box<dyn Job>>) {
        let outcome = self.transaction(batch);
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        let failed = match outcome {
            Ok(changes) => {
                for change in &changes {
                    self.changes.on_change(change);
                }
                None
            }
            Err(error) => {
                tracing::error!(%error, writes = batch.len(), "a transaction failed");
                Some(error)
            }
        };
        self.condition.ended(failed.as_ref());
        for job in batch.drain(..) {
            job.answer(failed.as_ref());
        }
    }

    fn transaction(&mut self, batch: &mut [Box<dyn Job>]) -> Result<Vec<Change>, StoreError> {
        self.condition.check()?;
        let sql = Sql::new(&self.connection, &self.scope);
        sql.execute("BEGIN IMMEDIATE", &[])?;
        for job in batch.iter_mut() {
            // A job that fails is undone alone, and has its own answer.
            let _ = sql.job(|sql| if job.run(sql) { Ok(()) } else { Err(()) })?;
        }
        let changes = self.before_commit.run(&sql, batch.len())?;
        self.condition.check()?;
        sql.execute("COMMIT", &[])?;
        self.before_commit.committed();
        Ok(changes)
    }
}
