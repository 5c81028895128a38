//! The one thread that writes. It takes the jobs that wait, runs each in a savepoint of one
//! transaction, commits once, and only then answers: durable before acknowledged, one fsync for
//! many devices.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fleetwright_core::arn::Home;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::condition::Condition;
use crate::audit::ChainWriter;
use crate::sql::{Sql, from_driver};
use crate::{Change, ChangeSink, StoreError, fleet_index, registry_events};

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
        home: Arc<Home>,
        condition: Arc<Condition>,
        changes: Arc<dyn ChangeSink>,
    ) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || Loop::new(connection, home, condition, changes).run(jobs))?;
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
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
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
    home: Arc<Home>,
    condition: Arc<Condition>,
    changes: Arc<dyn ChangeSink>,
    queries: fleet_index::Queries,
    chain: ChainWriter,
}

impl Loop {
    fn new(
        connection: Connection,
        home: Arc<Home>,
        condition: Arc<Condition>,
        changes: Arc<dyn ChangeSink>,
    ) -> Self {
        let (queries, chain) = (fleet_index::Queries::default(), ChainWriter::default());
        Self { connection, home, condition, changes, queries, chain }
    }

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
        for job in batch.drain(..) {
            job.answer(failed.as_ref());
        }
    }

    fn transaction(&mut self, batch: &mut [Box<dyn Job>]) -> Result<Vec<Change>, StoreError> {
        self.condition.check()?;
        self.say("BEGIN IMMEDIATE")?;
        let (mut changes, mut records) = (Vec::new(), Vec::new());
        for job in batch.iter_mut() {
            self.say("SAVEPOINT job")?;
            let sql = Sql::new(&self.connection, &self.home);
            let keep = job.run(&sql);
            // A full disk makes SQLite undo the whole transaction, not the statement alone.
            if self.connection.is_autocommit() {
                return Err(StoreError::Unavailable("the transaction was undone".to_owned()));
            }
            if keep {
                let noted = sql.into_noted();
                changes.extend(noted.0);
                records.extend(noted.1);
            } else {
                self.say("ROLLBACK TO job")?;
            }
            self.say("RELEASE job")?;
        }
        self.follow(batch.len())?;
        let sql = Sql::new(&self.connection, &self.home);
        let events = registry_events::take(&sql)?;
        let chain = std::mem::take(&mut self.chain).append(&sql, &records)?;
        changes.extend(events.into_iter().map(|event| Change::Registry(Arc::new(event))));
        self.condition.check()?;
        self.say("COMMIT")?;
        self.chain = chain;
        Ok(changes)
    }

    /// Membership of dynamic groups follows what was written; a fault of its own undoes itself
    /// alone.
    fn follow(&mut self, writes: usize) -> Result<(), StoreError> {
        self.say("SAVEPOINT membership")?;
        let sql = Sql::new(&self.connection, &self.home);
        if let Err(error) = fleet_index::follow(&sql, &mut self.queries, writes) {
            tracing::error!(%error, "membership of dynamic thing groups cannot follow");
            if self.connection.is_autocommit() {
                return Err(error);
            }
            self.say("ROLLBACK TO membership")?;
        }
        self.say("RELEASE membership")
    }

    fn say(&self, text: &str) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(text)
            .and_then(|mut statement| statement.raw_execute())
            .map_err(from_driver)?;
        Ok(())
    }
}
