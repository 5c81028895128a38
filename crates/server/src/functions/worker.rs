//! One worker: a process that serves the events of one revision, one at a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout_at};

use super::log::{Logs, Stream};
use super::outcome::Fault;
use super::peer;
use super::pool::Seat;
use super::process::{Change, Exit, Process};
use super::revision::Revision;
use super::runtime_api::{Event, RuntimeApi, Said};
use super::transcript::Transcript;

/// Longest time from the start of the process to its first question for an event. AWS: 10 s.
const INIT: Duration = Duration::from_secs(10);
/// Longest time between an answer and the question for the next event. (ours)
const SETTLING: Duration = Duration::from_secs(5);
/// How often the memory of a busy worker is looked at. (ours)
const MEMORY_EVERY: Duration = Duration::from_millis(25);

fn memory_ticks() -> Interval {
    let mut ticks = interval(MEMORY_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks.reset();
    ticks
}

/// A worker that was initialized.
pub(super) struct Worker {
    process: Process,
    api: RuntimeApi,
    next: Option<oneshot::Sender<Event>>,
    pub(super) begun: Instant,
    pub(super) revision: Arc<Revision>,
    logs: Arc<Logs>,
    _seat: Seat,
}

/// Why there is no worker.
#[derive(Debug, Clone)]
pub(super) enum NoWorker {
    /// This machine cannot run it; for its owner to read.
    Machine(String),
    /// The function's own code could not be initialized: what Lambda answers then.
    Function(Bytes),
    /// All are busy, and enough wait.
    Busy(String),
}

/// One event for a worker.
pub(super) struct Asked {
    pub(super) event: Event,
    /// When the function's own time is over.
    pub(super) until: Instant,
    /// The time that it has, for the message.
    pub(super) timeout: Duration,
}

/// What became of an event.
pub(super) enum Ran {
    /// The handler's result.
    Answered(Bytes),
    /// The handler raised.
    Raised(Bytes),
    /// The worker is lost.
    Lost(Fault),
    /// The worker was lost before it got the event, which may be given to another.
    Stale(Event),
}

impl Worker {
    /// Follows a started process until it asks for its first event.
    pub(super) async fn initialize(
        process: Process,
        api: RuntimeApi,
        revision: Arc<Revision>,
        logs: Arc<Logs>,
        seat: Seat,
    ) -> Result<Self, NoWorker> {
        let mut log = Transcript::begin(Arc::clone(&logs), Arc::clone(&revision), None);
        let begun = Instant::now();
        let mut worker = Self { process, api, next: None, begun, revision, logs, _seat: seat };
        let first = timeout_at(begun + INIT, worker.first_words(&mut log)).await;
        log.hear_rest(&mut worker.process);
        let failure = match first {
            Ok(Ok(next)) => {
                worker.next = Some(next);
                return Ok(worker);
            }
            Ok(Err(failure)) => failure,
            Err(_) => {
                let text = format!("Init did not end within {} seconds", INIT.as_secs());
                NoWorker::Function(Fault::Ended(text).payload("init"))
            }
        };
        let failure = match failure {
            // What the process said when it could not be started.
            NoWorker::Machine(_) => NoWorker::Machine(log.tail().trim_end().to_owned()),
            other => other,
        };
        match &failure {
            NoWorker::Function(body) => {
                log.line(
                    Stream::Platform,
                    &format!("INIT failed: {}", String::from_utf8_lossy(body)),
                );
            }
            NoWorker::Machine(text) | NoWorker::Busy(text) => log.line(Stream::Platform, text),
        }
        Err(failure)
    }

    /// Takes what was printed; then whoever else waits for this task's turn gets it.
    async fn hear(&mut self, log: &mut Transcript) {
        log.hear(&mut self.process);
        tokio::task::yield_now().await;
    }

    async fn first_words(
        &mut self,
        log: &mut Transcript,
    ) -> Result<oneshot::Sender<Event>, NoWorker> {
        let mut memory = memory_ticks();
        loop {
            tokio::select! {
                _ = memory.tick() => if self.uses_too_much() {
                    let fault = Fault::OutOfMemory { mib: self.revision.memory_mib };
                    return Err(NoWorker::Function(fault.payload("init")));
                },
                said = self.api.said.recv() => match said {
                    Some(Said::Next(next)) => return Ok(next),
                    Some(Said::InitError(body)) => return Err(NoWorker::Function(body)),
                    _ => {}
                },
                change = self.process.changed() => match change {
                    Change::Printed => self.hear(log).await,
                    Change::Ended(exit) => return Err(self.ended_early(&exit)),
                },
            }
        }
    }

    fn ended_early(&mut self, exit: &Exit) -> NoWorker {
        if exit.not_started() {
            return NoWorker::Machine(String::new());
        }
        // A runtime that reports its error ends at once.
        if let Ok(Said::InitError(body)) = self.api.said.try_recv() {
            return NoWorker::Function(body);
        }
        NoWorker::Function(Fault::Ended(exit.to_string()).payload("init"))
    }

    /// Whether it waits for an event.
    pub(super) fn is_waiting(&mut self) -> bool {
        self.next.as_ref().is_some_and(|next| !next.is_closed()) && self.process.is_running()
    }

    /// Serves one event, to its end or to the end of its time.
    pub(super) async fn serve(&mut self, asked: Asked, log: &mut Transcript) -> Ran {
        let Asked { event, until, timeout } = asked;
        let Some(next) = self.next.take() else { return Ran::Stale(event) };
        self.api.expect(Some(&event.request_id));
        if let Err(event) = next.send(event) {
            return Ran::Stale(event);
        }
        let ran = match timeout_at(until, self.answer(log)).await {
            Ok(ran) => ran,
            Err(_) => Ran::Lost(Fault::TimedOut(timeout)),
        };
        self.api.expect(None);
        log.hear_rest(&mut self.process);
        ran
    }

    async fn answer(&mut self, log: &mut Transcript) -> Ran {
        let mut memory = memory_ticks();
        loop {
            tokio::select! {
                biased;
                said = self.api.said.recv() => match said {
                    Some(Said::Answer(body)) => return Ran::Answered(body),
                    Some(Said::Error(body)) => return Ran::Raised(body),
                    _ => {}
                },
                _ = memory.tick() => if self.uses_too_much() {
                    return Ran::Lost(Fault::OutOfMemory { mib: self.revision.memory_mib });
                },
                change = self.process.changed() => match change {
                    Change::Printed => self.hear(log).await,
                    Change::Ended(exit) => return Ran::Lost(Fault::Ended(exit.to_string())),
                },
            }
        }
    }

    /// Whether its processes have more memory for themselves than the function may.
    pub(super) fn uses_too_much(&self) -> bool {
        peer::memory(self.process.id) > u64::from(self.revision.memory_mib) * 1024 * 1024
    }

    /// Waits until it asks for its next event; false when it does not.
    pub(super) async fn settle(&mut self, log: &mut Transcript) -> bool {
        let until = Instant::now() + SETTLING;
        let asked = timeout_at(until, async {
            loop {
                tokio::select! {
                    said = self.api.said.recv() => match said {
                        Some(Said::Next(next)) => return Some(next),
                        Some(_) => {}
                        None => return None,
                    },
                    change = self.process.changed() => match change {
                        Change::Printed => self.hear(log).await,
                        Change::Ended(_) => return None,
                    },
                }
            }
        });
        self.next = asked.await.ok().flatten();
        log.hear(&mut self.process);
        self.is_waiting() && !self.uses_too_much()
    }

    /// A log of its own for one invocation.
    pub(super) fn transcript(&self, request_id: &str) -> Transcript {
        let revision = Arc::clone(&self.revision);
        Transcript::begin(Arc::clone(&self.logs), revision, Some(request_id.to_owned()))
    }
}
