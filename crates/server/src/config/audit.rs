//! `[audit]`: how long the audit trail is kept.

use serde::{Deserialize, Serialize};

/// Records go when they are too old or too many, whichever comes first.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Audit {
    /// Records kept, at most.
    pub records: usize,
    /// Days that a record is kept.
    pub days: u16,
    /// Milliseconds that records of reads and refusals gather before they are written together.
    pub gather_millis: u32,
}

pub(super) const KEYS: &[&str] = &["records", "days", "gather-millis"];

impl Default for Audit {
    fn default() -> Self {
        Self { records: 1_000_000, days: 90, gather_millis: 20 }
    }
}
