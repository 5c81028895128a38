//! Jobs: what operators make, and the executions that things have of them. Every change of an
//! execution goes through `change`, which keeps the counts, what devices are told, events, retries and
//! what follows for the job in the same transaction.

mod background;
mod cancel;
mod change;
mod create;
mod delete;
mod device;
mod events;
mod executions;
mod list;
pub(crate) mod membership;
mod notices;
mod rollout;
mod schedule;
mod templates;
mod update;

use std::collections::BTreeMap;

pub use cancel::JobCancel;
pub use create::{JobTarget, NewJob};
pub use executions::{ExecutionChange, ExecutionKey, JobExecution};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::job::{Counts, ExecutionStatus, JobSettings, JobStatus, Window};
use fleetwright_core::names::JobId;
use fleetwright_core::time::Timestamp;
pub use list::{ExecutionFilter, JobFilter};
pub use notices::JobNotice;
pub use templates::JobTemplate;
pub(crate) use templates::require as require_template;
pub use update::JobUpdate;

use crate::sql::{Cell, Column, Param, Row, Sql, args};
use crate::{Store, StoreError};

/// The row of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct JobRow(pub i64);

/// A job.
#[derive(Debug, Clone)]
pub struct Job {
    /// Its row.
    pub row: JobRow,
    /// `jobId`
    pub id: JobId,
    /// Where it stands.
    pub status: JobStatus,
    /// `targetSelection` is CONTINUOUS.
    pub is_continuous: bool,
    /// `namespaceId`
    pub namespace: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// The job document, its placeholders unfilled.
    pub document: String,
    /// Where it was read.
    pub document_source: Option<String>,
    /// `jobTemplateArn`
    pub template_arn: Option<String>,
    /// `documentParameters`
    pub parameters: BTreeMap<String, String>,
    /// Its configurations.
    pub settings: JobSettings,
    /// `reasonCode` of its cancellation.
    pub reason_code: Option<String>,
    /// `comment`
    pub comment: Option<String>,
    /// `forceCanceled`
    pub is_forced: bool,
    /// Whether a window is closed, so that nothing queued is handed out.
    pub is_closed: bool,
    /// Whether its `endTime` has come.
    pub has_ended: bool,
    /// Whether things are still looked up or wait for their execution.
    pub is_rolling: bool,
    /// Whether executions are still being cancelled: 1 those that are queued, 2 all.
    pub(crate) canceling: i64,
    /// The minute of its rollout.
    pub(crate) window: Option<Window>,
    /// Where its things are.
    pub counts: Counts,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub modified: Timestamp,
    /// When it came to its end.
    pub completed: Option<Timestamp>,
}

impl Store {
    /// A job by its id.
    pub async fn job(&self, id: &JobId) -> Result<Option<Job>, StoreError> {
        self.read(|sql| find(sql, id)).await
    }

    /// The targets of a job, in the order in which they were given.
    pub async fn job_targets(&self, job: JobRow) -> Result<Vec<JobTarget>, StoreError> {
        self.read(move |sql| targets(sql, job)).await
    }

    /// The targets of a job whose things are not all looked up.
    pub async fn processing_targets(&self, job: JobRow) -> Result<Vec<JobTarget>, StoreError> {
        self.read(move |sql| create::read_targets(sql, job, "AND is_listed = 0")).await
    }
}

const COLUMNS: &str = "row_id, id, status, is_continuous, namespace, description, document, \
     document_source, template_arn, parameters, settings, reason_code, comment, is_forced, \
     is_closed, has_ended, is_rolling, canceling, window_start, window_used, queued, in_progress, \
     succeeded, failed, timed_out, rejected, removed, canceled, created, modified, completed";

fn find(sql: &Sql<'_>, id: &JobId) -> Result<Option<Job>, StoreError> {
    sql.one(&format!("SELECT {COLUMNS} FROM jobs WHERE id = $1"), args![id], read_job)
}

/// The job, or `ResourceNotFound`.
pub(crate) fn require(sql: &Sql<'_>, id: &JobId) -> Result<Job, StoreError> {
    find(sql, id)?.ok_or_else(|| {
        StoreError::refused(ErrorCode::ResourceNotFound, format!("Job {id} cannot be found."))
    })
}

fn of_row(sql: &Sql<'_>, row: JobRow) -> Result<Option<Job>, StoreError> {
    sql.one(&format!("SELECT {COLUMNS} FROM jobs WHERE row_id = $1"), args![row], read_job)
}

fn targets(sql: &Sql<'_>, job: JobRow) -> Result<Vec<JobTarget>, StoreError> {
    create::read_targets(sql, job, "")
}

fn read_job(row: &Row<'_>) -> Result<Job, StoreError> {
    let window_start: Option<Timestamp> = row.get("window_start")?;
    let used = row.get("window_used")?;
    Ok(Job {
        row: row.get("row_id")?,
        id: row.get("id")?,
        status: row.get("status")?,
        is_continuous: row.get("is_continuous")?,
        namespace: row.get("namespace")?,
        description: row.get("description")?,
        document: row.get("document")?,
        document_source: row.get("document_source")?,
        template_arn: row.get("template_arn")?,
        parameters: row.get("parameters")?,
        settings: row.get("settings")?,
        reason_code: row.get("reason_code")?,
        comment: row.get("comment")?,
        is_forced: row.get("is_forced")?,
        is_closed: row.get("is_closed")?,
        has_ended: row.get("has_ended")?,
        is_rolling: row.get("is_rolling")?,
        canceling: row.get("canceling")?,
        window: window_start.map(|start| Window { start, used }),
        counts: Counts {
            queued: row.get("queued")?,
            in_progress: row.get("in_progress")?,
            succeeded: row.get("succeeded")?,
            failed: row.get("failed")?,
            timed_out: row.get("timed_out")?,
            rejected: row.get("rejected")?,
            removed: row.get("removed")?,
            canceled: row.get("canceled")?,
        },
        created: row.get("created")?,
        modified: row.get("modified")?,
        completed: row.get("completed")?,
    })
}

/// The column that counts the things of a status.
fn column(status: ExecutionStatus) -> &'static str {
    match status {
        ExecutionStatus::Queued => "queued",
        ExecutionStatus::InProgress => "in_progress",
        ExecutionStatus::Succeeded => "succeeded",
        ExecutionStatus::Failed => "failed",
        ExecutionStatus::TimedOut => "timed_out",
        ExecutionStatus::Rejected => "rejected",
        ExecutionStatus::Removed => "removed",
        ExecutionStatus::Canceled => "canceled",
    }
}

impl Column for JobRow {
    fn read(cell: Cell<'_>) -> Option<Self> {
        i64::read(cell).map(Self)
    }
}

impl From<JobRow> for Param<'_> {
    fn from(row: JobRow) -> Self {
        Self::Int(row.0)
    }
}

impl Column for JobStatus {
    fn read(cell: Cell<'_>) -> Option<Self> {
        String::read(cell).and_then(|text| Self::parse(&text))
    }
}

impl Column for ExecutionStatus {
    fn read(cell: Cell<'_>) -> Option<Self> {
        String::read(cell).and_then(|text| Self::parse(&text))
    }
}

impl From<JobStatus> for Param<'_> {
    fn from(status: JobStatus) -> Self {
        Self::Text(status.as_str())
    }
}

impl From<ExecutionStatus> for Param<'_> {
    fn from(status: ExecutionStatus) -> Self {
        Self::Text(status.as_str())
    }
}
