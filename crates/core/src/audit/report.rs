//! What a verification of the trail found.

use serde::Serialize;

use super::Head;
use super::walk::Entry;

/// Findings that a report tells one by one. (ours)
const TOLD: usize = 1000;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A record says something else than when it was written.
    Altered,
    /// Records are missing.
    Removed,
    /// Records stand in another order.
    Reordered,
    /// A record that the server did not write there.
    Inserted,
    /// A chain was computed anew: it contradicts a checkpoint or the chain after it.
    Rewritten,
    /// A checkpoint cannot be believed.
    Checkpoint,
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// In which chain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<i64>,
    /// At which position of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<i64>,
    /// The row in the database.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<i64>,
    /// The request id of the record there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// In words.
    pub message: String,
}

/// What a verification came to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Records that stand in a chain.
    pub records: u64,
    /// Records of before the chains began, about which nothing can be said.
    pub before_the_chain_began: u64,
    /// Where each chain with records ends.
    pub chains: Vec<Head>,
    /// Checkpoints that were compared.
    pub checkpoints: u64,
    /// Heads of checkpoints that retention has passed: nothing is left to compare.
    pub passed_by_retention: u64,
    /// How many things are wrong.
    pub found: u64,
    /// The first of them.
    pub findings: Vec<Finding>,
}

impl Report {
    /// Counts a finding, and tells it while there are few.
    pub(super) fn find(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < TOLD {
            self.findings.push(finding);
        }
    }
}

impl Finding {
    pub(super) fn at(kind: Kind, entry: &Entry, message: String) -> Self {
        Self {
            kind,
            chain: entry.place.map(|place| place.0),
            position: entry.place.map(|place| place.1),
            row: Some(entry.row),
            request_id: Some(entry.record.request_id.clone()),
            message,
        }
    }

    pub(super) fn of(kind: Kind, chain: i64, position: Option<i64>, message: String) -> Self {
        Self { kind, chain: Some(chain), position, row: None, request_id: None, message }
    }

    /// About a checkpoint.
    #[must_use]
    pub fn of_checkpoint(name: &str, why: &str) -> Self {
        Self {
            kind: Kind::Checkpoint,
            chain: None,
            position: None,
            row: None,
            request_id: None,
            message: format!("{name}: {why}"),
        }
    }
}
