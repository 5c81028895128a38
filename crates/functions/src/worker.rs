//! One worker: a process that serves the events of one revision, one at a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, timeout_at};

use super::log::{Logs, Stream};
use super::outcome::WorkerError;
use super::peer;
use super::pool::Permit;
use super::process::{Change, Exit, Process};
use super::revision::Revision;
use super::runtime_api::{Event, RuntimeApi, RuntimeCall};
use super::start::Stage;
use super::transcript::Transcript;

/// Longest time from the start of the process to its first request for an event. AWS: 10 s.
const INIT: Duration = Duration::from_secs(10);
/// Longest time between a response and the request for the next event. (ours)
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
    _permit: Permit,
}

/// No worker can take the event.
#[derive(Debug, Clone)]
pub(super) enum AcquireError {
    /// This machine cannot run it; for its owner to read.
    Machine(String),
    /// The function's own code could not be initialized: what Lambda answers then.
    Function(Bytes),
    /// None was free in time.
    Busy(String),
}

/// An event with its deadline.
pub(super) struct TimedEvent {
    pub(super) event: Event,
    /// When the function's own time is over.
    pub(super) until: Instant,
    /// The time that it has, for the message.
    pub(super) timeout: Duration,
    /// The time that went to its start, when that made the other shorter.
    pub(super) waited: Option<Duration>,
}

/// The end of an event.
pub(super) enum EventOutcome {
    /// The handler's result.
    Answered(Bytes),
    /// The handler raised.
    Failed(Bytes),
    /// The worker is lost.
    Lost(WorkerError),
    /// The worker was lost before it got the event, which may be given to another.
    Undelivered(Event),
}

impl Worker {
    /// Follows a started process until it requests its first event.
    pub(super) async fn initialize(
        process: Process,
        api: RuntimeApi,
        revision: Arc<Revision>,
        logs: Arc<Logs>,
        permit: Permit,
    ) -> Result<Self, AcquireError> {
        let mut log = Transcript::begin(Arc::clone(&logs), Arc::clone(&revision), None);
        let begun = Instant::now();
        let mut worker = Self { process, api, next: None, begun, revision, logs, _permit: permit };
        let first = timeout_at(begun + INIT, worker.first_call(&mut log)).await;
        log.capture_rest(&mut worker.process);
        let failure = match first {
            Ok(Ok(next)) => {
                worker.next = Some(next);
                return Ok(worker);
            }
            Ok(Err(failure)) => failure,
            Err(_) => worker.failed_to_start(&WorkerError::InitTimedOut(INIT)),
        };
        let failure = match failure {
            // The process printed why it could not be started.
            AcquireError::Machine(_) => AcquireError::Machine(log.tail().trim_end().to_owned()),
            other => other,
        };
        match &failure {
            AcquireError::Function(body) => {
                log.line(
                    Stream::Platform,
                    &format!("INIT failed: {}", String::from_utf8_lossy(body)),
                );
            }
            AcquireError::Machine(text) | AcquireError::Busy(text) => {
                log.line(Stream::Platform, text)
            }
        }
        Err(failure)
    }

    /// Takes what was printed, then yields, so that a busy printer starves no other task.
    async fn capture(&mut self, log: &mut Transcript) {
        log.capture(&mut self.process);
        tokio::task::yield_now().await;
    }

    async fn first_call(
        &mut self,
        log: &mut Transcript,
    ) -> Result<oneshot::Sender<Event>, AcquireError> {
        let mut memory = memory_ticks();
        loop {
            tokio::select! {
                _ = memory.tick() => if self.exceeds_memory() {
                    let fault = WorkerError::OutOfMemory { mib: self.revision.memory_mib };
                    return Err(self.failed_to_start(&fault));
                },
                call = self.api.calls.recv() => match call {
                    Some(RuntimeCall::NextInvocation(next)) => return Ok(next),
                    Some(RuntimeCall::InitError(body)) => return Err(AcquireError::Function(body)),
                    _ => {}
                },
                change = self.process.changed() => match change {
                    Change::Printed => self.capture(log).await,
                    Change::Ended(exit) => return Err(self.ended_early(&exit)),
                },
            }
        }
    }

    fn ended_early(&mut self, exit: &Exit) -> AcquireError {
        if exit.not_started() {
            return AcquireError::Machine(String::new());
        }
        // A runtime that reports its error ends at once.
        if let Ok(RuntimeCall::InitError(body)) = self.api.calls.try_recv() {
            return AcquireError::Function(body);
        }
        self.failed_to_start(&self.end_of(exit))
    }

    fn failed_to_start(&self, fault: &WorkerError) -> AcquireError {
        AcquireError::Function(fault.while_starting(Stage::Init.of(&self.revision)))
    }

    fn end_of(&self, exit: &Exit) -> WorkerError {
        match self.process.ran_out_of_memory() {
            true => WorkerError::OutOfMemory { mib: self.revision.memory_mib },
            false => WorkerError::Ended(exit.to_string()),
        }
    }

    /// Whether it waits for an event.
    pub(super) fn is_waiting(&mut self) -> bool {
        self.next.as_ref().is_some_and(|next| !next.is_closed()) && self.process.is_running()
    }

    /// Serves one event, to its end or to the end of its time.
    pub(super) async fn serve(&mut self, timed: TimedEvent, log: &mut Transcript) -> EventOutcome {
        let TimedEvent { event, until, timeout, waited } = timed;
        let Some(next) = self.next.take() else { return EventOutcome::Undelivered(event) };
        self.api.expect(Some(&event.request_id));
        if let Err(event) = next.send(event) {
            return EventOutcome::Undelivered(event);
        }
        let ran = match timeout_at(until, self.answer(log)).await {
            Ok(ran) => ran,
            Err(_) => EventOutcome::Lost(WorkerError::TimedOut { after: timeout, waited }),
        };
        self.api.expect(None);
        log.capture_rest(&mut self.process);
        ran
    }

    async fn answer(&mut self, log: &mut Transcript) -> EventOutcome {
        let mut memory = memory_ticks();
        loop {
            tokio::select! {
                biased;
                call = self.api.calls.recv() => match call {
                    Some(RuntimeCall::Response(body)) => return EventOutcome::Answered(body),
                    Some(RuntimeCall::Error(body)) => return EventOutcome::Failed(body),
                    _ => {}
                },
                _ = memory.tick() => if self.exceeds_memory() {
                    return EventOutcome::Lost(WorkerError::OutOfMemory { mib: self.revision.memory_mib });
                },
                change = self.process.changed() => match change {
                    Change::Printed => self.capture(log).await,
                    Change::Ended(exit) => return EventOutcome::Lost(self.end_of(&exit)),
                },
            }
        }
    }

    /// Whether its processes have more memory for themselves than the function may.
    pub(super) fn exceeds_memory(&self) -> bool {
        peer::memory(self.process.id) > u64::from(self.revision.memory_mib) * 1024 * 1024
    }

    /// Waits until it requests its next event; false when it does not.
    pub(super) async fn settle(&mut self, log: &mut Transcript) -> bool {
        let until = Instant::now() + SETTLING;
        let next = timeout_at(until, async {
            loop {
                tokio::select! {
                    call = self.api.calls.recv() => match call {
                        Some(RuntimeCall::NextInvocation(next)) => return Some(next),
                        Some(_) => {}
                        None => return None,
                    },
                    change = self.process.changed() => match change {
                        Change::Printed => self.capture(log).await,
                        Change::Ended(_) => return None,
                    },
                }
            }
        });
        self.next = next.await.ok().flatten();
        log.capture(&mut self.process);
        self.is_waiting() && !self.exceeds_memory()
    }

    /// A log of its own for one invocation.
    pub(super) fn transcript(&self, request_id: &str) -> Transcript {
        let revision = Arc::clone(&self.revision);
        Transcript::begin(Arc::clone(&self.logs), revision, Some(request_id.to_owned()))
    }
}
