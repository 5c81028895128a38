//! The outcome of an invocation, in Lambda's terms.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

/// What a function answered, or how it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The handler's result.
    Answered(Bytes),
    /// The handler raised, or the runtime ended: Lambda's `{"errorMessage", "errorType", …}`.
    Failed(Bytes),
}

/// A function ran.
#[derive(Debug)]
pub struct Invocation {
    /// Of this invocation, as its log has it.
    pub request_id: String,
    /// `$LATEST` or a number.
    pub version: String,
    /// Its answer.
    pub outcome: Outcome,
    /// The end of what it logged, at most 4 KiB.
    pub log_tail: String,
}

/// The function's code was not reached. The texts are for its owner.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvokeError {
    /// There is no such function or qualifier.
    #[error("{0}")]
    NotFound(String),
    /// No worker was free in time: all were busy, or it was still starting.
    #[error("{0}")]
    Busy(String),
    /// It cannot be started on this machine.
    #[error("{0}")]
    Unrunnable(String),
}

/// Why a worker cannot be used any more, seen from outside the function.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WorkerError {
    /// It did not answer in time.
    #[error("Task timed out after {:.2} seconds{}", .after.as_secs_f64(), begun_late(*.waited))]
    TimedOut {
        /// The time that it had.
        after: Duration,
        /// The time that went to its start, when that made the other shorter.
        waited: Option<Duration>,
    },
    /// It was started and did not ask for an event in time.
    #[error("Init did not end within {} seconds", .0.as_secs())]
    InitTimedOut(Duration),
    /// Its process ended.
    #[error("Runtime exited with error: {0}")]
    Ended(String),
    /// Its code has no executable `bootstrap`.
    #[error(
        "Couldn't find valid bootstrap(s): the function's code has no executable file 'bootstrap' \
         at its top"
    )]
    NoEntryPoint,
    /// It used more memory than it may.
    #[error("Runtime exited with error: signal: killed; it used more than {mib} MB")]
    OutOfMemory {
        /// MiB that it has.
        mib: u32,
    },
}

/// What an error is about that concerns no request.
pub(crate) const INIT: &str = "init";

/// Where the rest of the caller's time went.
fn begun_late(waited: Option<Duration>) -> String {
    waited.map_or_else(String::new, |waited| {
        format!(
            ": its caller waits no longer, and {:.2} seconds of that time went to its start; invoke \
             it once beforehand",
            waited.as_secs_f64()
        )
    })
}

impl WorkerError {
    /// As Lambda reports it to the invoker.
    pub(crate) fn payload(&self, request_id: &str) -> Bytes {
        self.payload_with(&format!("RequestId: {request_id} Error: {self}"))
    }

    /// The same of a worker that was still starting.
    pub(crate) fn while_starting(&self, doing: impl fmt::Display) -> Bytes {
        self.payload_with(&format!("RequestId: {INIT} Error: {self} while it was {doing}"))
    }

    fn payload_with(&self, message: &str) -> Bytes {
        let kind = match self {
            Self::TimedOut { .. } | Self::InitTimedOut(_) => "Sandbox.Timedout",
            Self::Ended(_) => "Runtime.ExitError",
            Self::NoEntryPoint => "Runtime.InvalidEntrypoint",
            Self::OutOfMemory { .. } => "Runtime.OutOfMemory",
        };
        json!({"errorType": kind, "errorMessage": message}).to_string().into()
    }
}
