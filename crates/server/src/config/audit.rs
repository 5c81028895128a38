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
}

pub(super) const KEYS: &[&str] = &["records", "days"];

impl Default for Audit {
    fn default() -> Self {
        Self { records: 1_000_000, days: 90 }
    }
}
