//! The story of one invocation.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fleetwright_host::{clock, random};
use tokio::time::Instant;

use super::log::Stream;
use super::outcome::{Invocation, InvokeError, Outcome};
use super::pool::Pool;
use super::revision::Revision;
use super::runtime_api::Event;
use super::transcript::Transcript;
use super::worker::{AcquireError, EventOutcome, TimedEvent, Worker};

/// Longest wait for a worker when the caller names no time. (ours)
const WAIT: Duration = Duration::from_secs(60);
/// A wait for a worker that is worth a word when the time is over. (ours)
const LATE: Duration = Duration::from_millis(500);
/// Workers that an event is offered to, when one after the other turns out to be lost. (ours)
const OFFERS: usize = 3;

/// One invocation, without its function.
pub(super) struct Call {
    /// The function as it was named.
    pub(super) arn: String,
    pub(super) payload: Bytes,
    /// When all must be over; `None`: only the function's own time counts.
    pub(super) end: Option<Instant>,
}

/// The story of one invocation: a worker, the event, the outcome; then the worker's next.
pub(super) async fn run(pool: Arc<Pool>, call: Call) -> Result<Invocation, InvokeError> {
    let request_id =
        random::uuid().map_err(|error| InvokeError::Unrunnable(error.message))?.to_string();
    let mut payload = call.payload;
    for _ in 0..OFFERS {
        // 1. A worker that waits. A caller that hangs up leaves the queue.
        let asked = Instant::now();
        let until = call.end.unwrap_or(asked + WAIT);
        let worker = match pool.take(until).await {
            Ok(worker) => worker,
            Err(AcquireError::Busy(text)) => return Err(InvokeError::Busy(text)),
            Err(AcquireError::Machine(text)) => return Err(InvokeError::Unrunnable(text)),
            Err(AcquireError::Function(body)) => {
                return Ok(not_initialized(&pool.revision, request_id, body));
            }
        };
        // 2. The event, within what is left of the time. From here on the invocation runs to its end.
        let own = pool.revision.timeout;
        let timeout = call.end.map_or(own, |end| own.min(end - Instant::now()));
        let waited = (timeout < own).then(|| asked.elapsed()).filter(|waited| *waited >= LATE);
        let deadline = i64::try_from(timeout.as_millis()).unwrap_or(i64::MAX);
        let event = Event {
            request_id: request_id.clone(),
            function_arn: call.arn.clone(),
            deadline: clock::now().plus_millis(deadline).0,
            payload,
        };
        let timed = TimedEvent { event, until: Instant::now() + timeout, timeout, waited };
        let serving = tokio::spawn(serve(Arc::clone(&pool), worker, timed));
        match serving.await.map_err(|error| InvokeError::Unrunnable(error.to_string()))? {
            Ok(invocation) => return Ok(invocation),
            Err(stale) => payload = stale.payload,
        }
    }
    Err(InvokeError::Unrunnable("its workers end before they get an event; see its log".into()))
}

/// One event and its outcome; returns the event when the worker was lost before it.
async fn serve(
    pool: Arc<Pool>,
    mut worker: Worker,
    timed: TimedEvent,
) -> Result<Invocation, Event> {
    let (request_id, begun) = (timed.event.request_id.clone(), Instant::now());
    let version = pool.revision.version.clone();
    let mut log = worker.transcript(&request_id);
    log.line(Stream::Platform, &format!("START RequestId: {request_id} Version: {version}"));
    let (outcome, reusable) = match worker.serve(timed, &mut log).await {
        EventOutcome::Undelivered(event) => return Err(event),
        EventOutcome::Answered(body) => (Outcome::Answered(body), true),
        // Recycled: whatever state the exception left is gone with the worker.
        EventOutcome::Failed(body) => (Outcome::Failed(body), false),
        EventOutcome::Lost(fault) => (Outcome::Failed(fault.payload(&request_id)), false),
    };
    // 3. The report in the function's log.
    report(&mut log, &request_id, &pool.revision, begun.elapsed(), &outcome);
    let log_tail = log.tail().to_owned();
    tokio::spawn(recycle(pool, worker, log, reusable));
    Ok(Invocation { request_id, version, outcome, log_tail })
}

/// The worker's next: to wait for another event, or its end.
async fn recycle(pool: Arc<Pool>, mut worker: Worker, mut log: Transcript, reusable: bool) {
    if reusable && worker.settle(&mut log).await {
        pool.give_back(worker);
    } else {
        pool.replace(worker);
    }
}

fn not_initialized(revision: &Revision, request_id: String, body: Bytes) -> Invocation {
    Invocation {
        log_tail: format!("INIT failed: {}\n", String::from_utf8_lossy(&body)),
        version: revision.version.clone(),
        outcome: Outcome::Failed(body),
        request_id,
    }
}

fn report(
    log: &mut Transcript,
    request_id: &str,
    revision: &Revision,
    took: Duration,
    outcome: &Outcome,
) {
    if let Outcome::Failed(body) = outcome {
        let shown: String = String::from_utf8_lossy(body).chars().take(1000).collect();
        log.line(Stream::Platform, &format!("ERROR RequestId: {request_id} {shown}"));
    }
    log.line(Stream::Platform, &format!("END RequestId: {request_id}"));
    log.line(
        Stream::Platform,
        &format!(
            "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tMemory Size: {} MB",
            took.as_secs_f64() * 1000.0,
            revision.memory_mib
        ),
    );
}
