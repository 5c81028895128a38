//! The audit trail as values: a record, the chain of hashes that it stands in, signed checkpoints,
//! and what is wrong with a trail. `docs/audit.md` has the forms for whoever checks without us.

mod chain;
mod checkpoint;
mod digest;
mod report;
mod verify;
mod walk;

#[cfg(test)]
mod tests;

pub use chain::{ChainStart, Head, link};
pub use checkpoint::{Checkpoint, SignedCheckpoint};
pub use digest::Digest;
pub use report::{Finding, Kind, Report};
pub use verify::{Verifier, retention_resource};
pub use walk::{Chain, Entry};

use crate::time::Timestamp;

/// One decision. Names only: values of parameters are never kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When.
    pub at: Timestamp,
    /// ARN of the principal, or `anonymous` when none is proven.
    pub principal: String,
    /// The MQTT client id, of a device.
    pub client_id: Option<String>,
    /// AWS's name of the operation.
    pub operation: String,
    /// What it was about, such as a name or an ARN.
    pub resource: Option<String>,
    /// Names of the parameters, separated by commas.
    pub parameters: String,
    /// The address that it came from.
    pub source: Option<String>,
    /// `Accepted`, `Rejected` or `Denied`.
    pub outcome: String,
    /// The error's code, when it was not accepted.
    pub code: Option<String>,
    /// The error's message.
    pub reason: Option<String>,
    /// The request's id.
    pub request_id: String,
}

/// The operation that a record of retention has: the server removed old records.
pub const RETENTION: &str = "RemoveAuditRecords";
