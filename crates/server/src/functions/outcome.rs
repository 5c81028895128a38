//! What an invocation comes to, in Lambda's words.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

/// What a function answered, or how it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The handler's result.
    Answered(Bytes),
    /// The handler raised, or the runtime ended: Lambda's `{"errorMessage", "errorType", …}`.
    Failed(Bytes),
}

/// A function ran.
#[derive(Debug)]
pub(crate) struct Invocation {
    /// Of this invocation, as its log has it.
    pub(crate) request_id: String,
    /// `$LATEST` or a number.
    pub(crate) version: String,
    /// Its answer.
    pub(crate) outcome: Outcome,
    /// The end of what it logged, at most 4 KiB.
    pub(crate) log_tail: String,
}

/// A function did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotRun {
    /// There is no such function or qualifier.
    NotFound(String),
    /// All workers are busy and enough callers wait.
    Busy(String),
    /// It cannot be started on this machine; the text is for its owner.
    Unrunnable(String),
}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(text) | Self::Busy(text) | Self::Unrunnable(text) => f.write_str(text),
        }
    }
}

/// Why a worker is of no more use, seen from outside the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It did not answer in time.
    TimedOut(Duration),
    /// Its process ended.
    Ended(String),
    /// Its code has no executable `bootstrap`.
    NoEntryPoint,
    /// It used more memory than it may.
    OutOfMemory {
        /// MiB that it has.
        mib: u32,
    },
}

impl Fault {
    /// As Lambda tells it to the caller.
    pub(crate) fn payload(&self, request_id: &str) -> Bytes {
        let kind = match self {
            Self::TimedOut(_) => "Sandbox.Timedout",
            Self::Ended(_) => "Runtime.ExitError",
            Self::NoEntryPoint => "Runtime.InvalidEntrypoint",
            Self::OutOfMemory { .. } => "Runtime.OutOfMemory",
        };
        let message = format!("RequestId: {request_id} Error: {self}");
        json!({"errorType": kind, "errorMessage": message}).to_string().into()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut(after) => {
                write!(f, "Task timed out after {:.2} seconds", after.as_secs_f64())
            }
            Self::Ended(how) => write!(f, "Runtime exited with error: {how}"),
            Self::NoEntryPoint => f.write_str(
                "Couldn't find valid bootstrap(s): the function's code has no executable file \
                 'bootstrap' at its top",
            ),
            Self::OutOfMemory { mib } => {
                write!(f, "Runtime exited with error: signal: killed; it used more than {mib} MB")
            }
        }
    }
}
