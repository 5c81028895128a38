//! The workers of one revision: started on demand, kept warm, lent to one invocation at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::factory::WorkerFactory;
use super::revision::Revision;
use super::slots::Slot;
use super::start::Start;
use super::worker::{AcquireError, Worker};

/// Callers of one revision that wait for a worker; a further one is refused. (ours)
const WAITING: usize = 1000;
/// Workers of one revision that are started at the same time: more would only take the
/// processor from each other. (ours)
const STARTING: usize = 2;
/// Longest life of a worker: less than that of its credentials. (ours)
const LIFE: Duration = Duration::from_secs(60 * 60);

type Waiting = oneshot::Sender<Result<Worker, AcquireError>>;

/// How many workers a revision has at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct Most {
    pub(super) workers: usize,
    /// What bounds them, for its owner to read.
    pub(super) bound: &'static str,
}

/// The workers of one revision.
pub(super) struct Pool {
    pub(super) revision: Arc<Revision>,
    factory: Arc<WorkerFactory>,
    most: Most,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Longest idle first.
    idle: VecDeque<(Instant, Worker)>,
    /// All that have a permit: idle, busy and starting.
    alive: usize,
    /// Oldest first.
    starting: Vec<Arc<Start>>,
    waiting: VecDeque<Waiting>,
    /// No worker is kept any more: the function changed.
    retired: bool,
}

impl Pool {
    pub(super) fn new(
        revision: Arc<Revision>,
        factory: Arc<WorkerFactory>,
        most: Most,
    ) -> Arc<Self> {
        Arc::new(Self { revision, factory, most, state: Mutex::default() })
    }

    /// A worker that waits for an event: an idle one, a new one, or the next that is free.
    pub(super) async fn take(self: &Arc<Self>, until: Instant) -> Result<Worker, AcquireError> {
        let begun = Instant::now();
        let waiting = {
            let mut state = self.state();
            while let Some((_, mut worker)) = state.idle.pop_back() {
                if worker.is_waiting() && worker.begun.elapsed() < LIFE {
                    return Ok(worker);
                }
                drop_unlocked(state, worker);
                state = self.state();
            }
            if state.waiting.len() >= WAITING {
                return Err(AcquireError::Busy(format!(
                    "{WAITING} callers wait for a worker of {} already",
                    self.revision.name
                )));
            }
            let (give, given) = oneshot::channel();
            state.waiting.push_back(give);
            given
        };
        self.grow();
        match timeout_at(until, waiting).await {
            Ok(Ok(given)) => given,
            Ok(Err(_)) => Err(AcquireError::Busy("the server stops".into())),
            Err(_) => Err(AcquireError::Busy(self.why_none(begun.elapsed()))),
        }
    }

    /// Why no worker could be had in the time that a caller waited.
    fn why_none(&self, waited: Duration) -> String {
        let (name, seconds) = (&self.revision.name, waited.as_secs_f64());
        let Most { workers, bound } = self.most;
        let state = self.state();
        let busy = state.alive.saturating_sub(state.starting.len() + state.idle.len());
        match state.starting.first().map(|start| start.standing(&self.revision)) {
            Some(standing) if busy == 0 => format!(
                "the function {name} was {standing}: the time of its caller includes the cold \
                 start; make its import faster, or invoke it once beforehand"
            ),
            Some(standing) => format!(
                "no worker of {name} was free within {seconds:.1} s: {busy} were busy, another was \
                 {standing}"
            ),
            None if state.alive >= workers => format!(
                "no worker of {name} was free within {seconds:.1} s: {busy} were busy, and {bound} \
                 is {workers}"
            ),
            None => format!(
                "no worker of {name} could be started within {seconds:.1} s: those of other \
                 functions were busy, and [functions] max-workers is {}",
                self.factory.settings.max_workers
            ),
        }
    }

    /// Takes back a worker that waits for its next event, and serves the next waiting caller.
    pub(super) fn give_back(self: &Arc<Self>, mut worker: Worker) {
        if worker.begun.elapsed() < LIFE && worker.is_waiting() {
            self.hand(worker);
        } else {
            self.replace(worker);
        }
    }

    /// Ends a worker that is of no more use, and starts another so that the next caller finds one
    /// that is warm.
    pub(super) fn replace(self: &Arc<Self>, worker: Worker) {
        drop(worker);
        self.grow_to(1);
    }

    /// Starts as many workers as are needed and allowed.
    pub(super) fn grow(self: &Arc<Self>) {
        self.grow_to(0);
    }

    /// Starts as many workers as are needed and allowed; `warm` are needed even without a waiting caller.
    fn grow_to(self: &Arc<Self>, warm: usize) {
        loop {
            {
                let mut state = self.state();
                // A caller that gave up needs no worker.
                state.waiting.retain(|waiting| !waiting.is_closed());
                let warm = if state.retired { 0 } else { warm.saturating_sub(state.idle.len()) };
                let needed = state.waiting.len().max(warm);
                if state.starting.len() >= needed.min(STARTING) || state.alive >= self.most.workers
                {
                    return;
                }
            }
            // Without the lock: it may end an idle worker of any pool, this one too.
            let Some(slot) = self.factory.slot() else { return };
            let (permit, start) = {
                let mut state = self.state();
                if state.alive >= self.most.workers {
                    // Another task was faster.
                    drop_unlocked(state, slot);
                    return;
                }
                let start = Arc::new(Start::begin());
                state.starting.push(Arc::clone(&start));
                state.alive += 1;
                (Permit { pool: Arc::downgrade(self), slot }, start)
            };
            tokio::spawn(Arc::clone(self).start(permit, start));
        }
    }

    async fn start(self: Arc<Self>, permit: Permit, start: Arc<Start>) {
        let begun = self.factory.start(Arc::clone(&self.revision), permit, &start).await;
        self.state().starting.retain(|other| !Arc::ptr_eq(other, &start));
        match begun {
            Ok(worker) => self.hand(worker),
            Err(failure) => {
                let waiting = std::mem::take(&mut self.state().waiting);
                for waiting in waiting {
                    // The caller may have given up.
                    let _ = waiting.send(Err(failure.clone()));
                }
            }
        }
        self.grow();
    }

    fn hand(&self, mut worker: Worker) {
        loop {
            let mut state = self.state();
            let Some(waiting) = state.waiting.pop_front() else {
                if state.retired {
                    drop_unlocked(state, worker);
                } else {
                    state.idle.push_back((Instant::now(), worker));
                    drop(state);
                    self.factory.slots.freed.notify_one();
                }
                return;
            };
            drop(state);
            match waiting.send(Ok(worker)) {
                Ok(()) => return,
                Err(Ok(back)) => worker = back,
                Err(Err(_)) => return,
            }
        }
    }

    /// Ends the worker that has been idle longest, if it has been for that long; false when
    /// there is none.
    pub(super) fn end_idle(&self, least: Duration) -> bool {
        let mut state = self.state();
        let since = state.idle.front().map(|(since, _)| *since);
        if since.is_none_or(|since| since.elapsed() < least) {
            return false;
        }
        let ended = state.idle.pop_front();
        drop_unlocked(state, ended);
        true
    }

    /// Ends idle workers that have more memory than they may.
    pub(super) fn end_over_memory(&self) {
        let mut state = self.state();
        let all = std::mem::take(&mut state.idle);
        let (greedy, kept) = all.into_iter().partition(|(_, worker)| worker.exceeds_memory());
        state.idle = kept;
        let greedy: VecDeque<(Instant, Worker)> = greedy;
        drop_unlocked(state, greedy);
    }

    /// Since when its longest idle worker has been idle.
    pub(super) fn idle_since(&self) -> Option<Instant> {
        self.state().idle.front().map(|(since, _)| *since)
    }

    /// Keeps no worker any more; those that are busy finish.
    pub(super) fn retire(&self) {
        let mut state = self.state();
        state.retired = true;
        let ended = std::mem::take(&mut state.idle);
        drop_unlocked(state, ended);
    }

    /// Whether it has neither a worker nor a waiting caller.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.alive == 0 && state.waiting.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

/// Drops workers after the lock: their seats take it.
fn drop_unlocked<T>(state: MutexGuard<'_, State>, dropped: T) {
    drop(state);
    drop(dropped);
}

/// The right to one worker, within the bounds of its pool and of the server; returned when dropped.
pub(super) struct Permit {
    pool: Weak<Pool>,
    slot: Slot,
}

impl Permit {
    /// The user that its worker runs as, of a server that runs as root.
    pub(super) fn user(&self) -> u32 {
        self.slot.user
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.state().alive -= 1;
        }
    }
}
