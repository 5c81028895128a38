//! The workers of one revision: started when somebody waits, kept warm, given out one at a time.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::revision::Revision;
use super::worker::{NoWorker, Worker};
use super::workshop::Workshop;

/// Callers of one revision that wait for a worker; a further one is told so. (ours)
const WAITING: usize = 1000;
/// Workers of one revision that are started at the same time: more would only take the
/// processor from each other. (ours)
const STARTING: usize = 2;
/// Longest life of a worker: less than that of its credentials. (ours)
const LIFE: Duration = Duration::from_secs(60 * 60);

type Waiting = oneshot::Sender<Result<Worker, NoWorker>>;

/// The workers of one revision.
pub(super) struct Pool {
    pub(super) revision: Arc<Revision>,
    workshop: Arc<Workshop>,
    most: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Longest idle first.
    idle: VecDeque<(Instant, Worker)>,
    /// All that have a seat: idle, busy and starting.
    alive: usize,
    starting: usize,
    waiting: VecDeque<Waiting>,
    /// No worker is kept any more: the function changed.
    retired: bool,
}

impl Pool {
    pub(super) fn new(revision: Arc<Revision>, workshop: Arc<Workshop>, most: usize) -> Arc<Self> {
        Arc::new(Self { revision, workshop, most, state: Mutex::default() })
    }

    /// A worker that waits for an event: an idle one, a new one, or the next that is free.
    pub(super) async fn take(self: &Arc<Self>, until: Instant) -> Result<Worker, NoWorker> {
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
                return Err(NoWorker::Busy(format!(
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
            Ok(Err(_)) => Err(NoWorker::Busy("the server stops".into())),
            Err(_) => Err(NoWorker::Busy(format!(
                "no worker of {} was free in time; [functions] max-workers-per-function is {}",
                self.revision.name, self.most
            ))),
        }
    }

    /// Takes back a worker that waits for its next event, and serves who waits.
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

    /// Starts as many workers as are needed and allowed; `warm` are needed even if nobody waits.
    fn grow_to(self: &Arc<Self>, warm: usize) {
        loop {
            {
                let mut state = self.state();
                // Who gave up waiting needs no worker.
                state.waiting.retain(|waiting| !waiting.is_closed());
                let warm = if state.retired { 0 } else { warm.saturating_sub(state.idle.len()) };
                let needed = state.waiting.len().max(warm);
                if state.starting >= needed.min(STARTING) || state.alive >= self.most {
                    return;
                }
            }
            // Without the lock: it may end an idle worker of any pool, this one too.
            let Some(place) = self.workshop.place() else { return };
            let seat = {
                let mut state = self.state();
                if state.alive >= self.most {
                    // Somebody was faster.
                    drop_unlocked(state, place);
                    return;
                }
                state.starting += 1;
                state.alive += 1;
                Seat { pool: Arc::downgrade(self), place }
            };
            tokio::spawn(Arc::clone(self).start(seat));
        }
    }

    async fn start(self: Arc<Self>, seat: Seat) {
        let begun = self.workshop.start(Arc::clone(&self.revision), seat).await;
        self.state().starting -= 1;
        match begun {
            Ok(worker) => self.hand(worker),
            Err(failure) => {
                let waiting = std::mem::take(&mut self.state().waiting);
                for waiting in waiting {
                    // Who gave up hears nothing.
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
                    self.workshop.places.freed.notify_one();
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
    pub(super) fn end_greedy(&self) {
        let mut state = self.state();
        let all = std::mem::take(&mut state.idle);
        let (greedy, kept) = all.into_iter().partition(|(_, worker)| worker.uses_too_much());
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

    /// Whether it has no worker and nobody waits for one.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.alive == 0 && state.waiting.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops workers after the lock: their seats take it.
fn drop_unlocked<T>(state: MutexGuard<'_, State>, dropped: T) {
    drop(state);
    drop(dropped);
}

/// A worker's part of its pool's bound, and of the server's.
pub(super) struct Seat {
    pool: Weak<Pool>,
    place: super::places::Place,
}

impl Seat {
    /// The user that its worker runs as, of a server that runs as root.
    pub(super) fn user(&self) -> u32 {
        self.place.user
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.upgrade() {
            pool.state().alive -= 1;
        }
    }
}
