//! `[audit]`: how long the audit trail is kept.

use fleetwright_core::configuration::{Key, Takes};
use serde::{Deserialize, Serialize};

/// Records go when they are too old or too many, whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// Records kept, at most.
    pub records: usize,
    /// Days that a record is kept.
    pub days: u16,
    /// Milliseconds that records of reads and refusals gather before they are written together.
    pub gather_millis: u32,
}

impl Settings {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        Key::new("records", Takes::Number(1, 1_000_000_000)),
        Key::new("days", Takes::Number(1, 36_500)),
        Key::new("gather-millis", Takes::Number(0, 3_600_000)),
    ];
}

impl Default for Settings {
    fn default() -> Self {
        Self { records: 1_000_000, days: 90, gather_millis: 20 }
    }
}
