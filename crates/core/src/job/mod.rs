//! Jobs: states, what devices and operators ask, and the decisions about a job's way. Pure.
//!
//! AWS: "Jobs", IoT Developer Guide, 2025 edition; service models `iot` and `iot-jobs-data`.

mod abort;
mod document;
mod request;
mod retry;
mod rollout;
mod schedule;
mod settings;
mod state;
#[cfg(test)]
mod tests;
mod topic;

pub use abort::{AbortCriterion, AbortFailure};
pub use document::{PLACEHOLDERS, Placeholder, in_json, of_execution, placeholders, substituted};
pub use request::{Asked, DeviceUpdate, check_details, check_step, read_request};
pub use retry::{RetryCriterion, RetryFailure, may_retry};
pub use rollout::{Allowance, Exponential, Rollout, Window, allowance};
pub use schedule::{Cron, EndBehavior, MaintenanceWindow, Schedule, parse_minute, shown_minute};
pub use settings::{JobSettings, Presigned};
pub use state::{Counts, ExecutionStatus, JobStatus, Progress, is_complete};
pub use topic::{JobOperation, JobRequest};

/// Bytes of a job document. AWS: "Job limits".
pub const DOCUMENT_BYTES: usize = 32_768;
/// Targets of a job. AWS: "Job limits".
pub const TARGETS: usize = 100;
/// Pairs of `statusDetails`. AWS: shape `DetailsMap`.
pub const DETAILS: usize = 10;
/// Characters of a comment or description. AWS: shapes `Comment`, `JobDescription`.
pub const TEXT_CHARS: usize = 2028;
/// Executions in a list of pending ones. AWS: "Jobs device MQTT and HTTPS APIs".
pub const PENDING: usize = 10;
/// The same of a thing that has jobs with a schedule.
pub const PENDING_SCHEDULED: usize = 15;
/// Jobs that are not at their end. AWS: "Job limits".
pub const ACTIVE_JOBS: usize = 100_000;
/// Jobs that are being deleted. AWS: "Job limits".
pub const DELETING_JOBS: usize = 10;
/// Job templates. AWS: "Job limits".
pub const TEMPLATES: usize = 100;
/// Minutes of a timer. AWS: shapes `InProgressTimeoutInMinutes`, `StepTimeoutInMinutes`.
pub const TIMEOUT_MINUTES: std::ops::RangeInclusive<i64> = 1..=10_080;
/// Days that a job is kept after its end. AWS: "Job limits".
pub const RETENTION_DAYS: i64 = 730;

/// Seconds since 1970, as every payload of jobs has times.
pub fn seconds(at: crate::time::Timestamp) -> i64 {
    at.0.div_euclid(1000)
}
