//! Whether a failed execution is tried again.

use serde::{Deserialize, Serialize};

use super::state::{ExecutionStatus, words};

words! {
    /// Which failures are tried again.
    RetryFailure {
        Failed "FAILED"
        TimedOut "TIMED_OUT"
        All "ALL"
    }
}

/// Retries of one thing in one job. AWS: "Job execution retry configuration".
const MOST: i64 = 10;

/// One of `jobExecutionsRetryConfig.criteriaList`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryCriterion {
    /// `failureType`: AWS's word.
    pub failure: String,
    /// `numberOfRetries`: 0 to 10.
    pub retries: u32,
}

/// Whether an execution that ended so is tried again: `attempt` retries were made for the thing
/// before, and `alike` of its executions, this one included, ended like it.
pub fn may_retry(
    criteria: &[RetryCriterion],
    ended: ExecutionStatus,
    attempt: i64,
    alike: i64,
) -> bool {
    if attempt >= MOST {
        return false;
    }
    criteria.iter().any(|criterion| {
        let retries = i64::from(criterion.retries);
        match RetryFailure::parse(&criterion.failure) {
            Some(RetryFailure::Failed) => ended == ExecutionStatus::Failed && alike <= retries,
            Some(RetryFailure::TimedOut) => ended == ExecutionStatus::TimedOut && alike <= retries,
            Some(RetryFailure::All) => {
                matches!(ended, ExecutionStatus::Failed | ExecutionStatus::TimedOut)
                    && attempt < retries
            }
            None => false,
        }
    })
}
