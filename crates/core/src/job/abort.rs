//! When a job is given up.

use serde::{Deserialize, Serialize};

use super::state::{Counts, ExecutionStatus, words};

words! {
    /// What counts as a failure.
    AbortFailure {
        Failed "FAILED"
        Rejected "REJECTED"
        TimedOut "TIMED_OUT"
        All "ALL"
    }
}

/// One of `abortConfig.criteriaList`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbortCriterion {
    /// `failureType`: AWS's word.
    pub failure: String,
    /// `thresholdPercentage`, in hundredths.
    pub threshold: u32,
    /// `minNumberOfExecutedThings`
    pub minimum: u32,
}

impl AbortCriterion {
    /// Whether it is met: of the things that were notified, so many percent failed so.
    pub fn is_met(&self, counts: &Counts) -> bool {
        let notified = counts.notified();
        let of = |status| counts.of(status);
        let failures = match AbortFailure::parse(&self.failure) {
            Some(AbortFailure::Failed) => of(ExecutionStatus::Failed),
            Some(AbortFailure::Rejected) => of(ExecutionStatus::Rejected),
            Some(AbortFailure::TimedOut) => of(ExecutionStatus::TimedOut),
            Some(AbortFailure::All) => {
                of(ExecutionStatus::Failed)
                    + of(ExecutionStatus::Rejected)
                    + of(ExecutionStatus::TimedOut)
            }
            None => 0,
        };
        failures > 0
            && notified >= i64::from(self.minimum)
            && failures.saturating_mul(10_000) >= notified.saturating_mul(self.threshold.into())
    }
}
