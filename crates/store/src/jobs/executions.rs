//! Executions as they are stored, and those that a device may be handed.

use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::job::{ExecutionStatus, JobSettings, PENDING, PENDING_SCHEDULED};
use fleetwright_core::names::{JobId, ThingName};
use fleetwright_core::time::Timestamp;

use super::JobRow;
use crate::sql::{Row, Sql, args};
use crate::{Store, StoreError};

/// One thing's execution of a job.
#[derive(Debug, Clone)]
pub struct JobExecution {
    /// Its row; executions of a thing are queued in the order of their rows.
    pub row: i64,
    /// Its job's row.
    pub job_row: JobRow,
    /// Its job.
    pub job: JobId,
    /// `executionNumber`
    pub number: i64,
    /// `retryAttempt`
    pub attempt: i64,
    /// Whether it is the thing's latest of this job.
    pub(crate) is_latest: bool,
    /// Its thing, which may be gone.
    pub thing: ThingName,
    /// Where it stands.
    pub status: ExecutionStatus,
    /// `statusDetails`
    pub details: BTreeMap<String, String>,
    /// `versionNumber`
    pub version: i64,
    /// `forceCanceled`
    pub is_forced: bool,
    /// `queuedAt`
    pub queued_at: Timestamp,
    /// `startedAt`
    pub started_at: Option<Timestamp>,
    /// `lastUpdatedAt`
    pub modified: Timestamp,
    /// The end of the in-progress timer.
    pub(crate) deadline: Option<Timestamp>,
    /// The end of the step's timer.
    pub(crate) step_deadline: Option<Timestamp>,
    /// The job's document.
    pub document: String,
    /// The job's configurations.
    pub settings: JobSettings,
}

impl JobExecution {
    /// The earlier end of its timers.
    pub fn due(&self) -> Option<Timestamp> {
        [self.deadline, self.step_deadline].into_iter().flatten().min()
    }
}

/// Which execution is meant.
#[derive(Debug, Clone)]
pub struct ExecutionKey {
    /// Of which job.
    pub job: JobId,
    /// Of which thing.
    pub thing: ThingName,
    /// `executionNumber`; without it the latest.
    pub number: Option<i64>,
}

/// What changes an execution.
#[derive(Debug, Clone)]
pub struct ExecutionChange {
    /// Where it goes.
    pub to: ExecutionStatus,
    /// New `statusDetails`, if they change.
    pub details: Option<BTreeMap<String, String>>,
    /// `stepTimeoutInMinutes`; −1 ends that timer.
    pub step_minutes: Option<i64>,
    /// Whether it was cancelled by force.
    pub is_forced: bool,
}

impl ExecutionChange {
    /// A change of status and nothing else.
    pub(super) fn to(to: ExecutionStatus) -> Self {
        Self { to, details: None, step_minutes: None, is_forced: false }
    }
}

/// What is read of an execution, of `job_executions e` and `jobs j`.
pub(super) const COLUMNS: &str = "e.row_id, e.job_row, j.id AS job, e.number, e.attempt, \
     e.is_latest, e.thing, e.status, e.details, e.version, e.is_forced, e.queued_at, \
     e.started_at, e.modified, e.deadline, e.step_deadline, j.document, j.settings";
pub(super) const FROM: &str = "FROM job_executions e JOIN jobs j ON j.row_id = e.job_row";
/// Those that a device may be handed. Jobs of a namespace have topics of their own.
const HANDED: &str = "e.thing = $1 AND e.status IN ('QUEUED', 'IN_PROGRESS') \
     AND j.namespace IS NULL AND (e.status = 'IN_PROGRESS' \
     OR (j.status = 'IN_PROGRESS' AND j.is_closed = 0)) \
     ORDER BY CASE e.status WHEN 'IN_PROGRESS' THEN 0 ELSE 1 END, e.row_id LIMIT $2";

pub(super) fn read_execution(row: &Row<'_>) -> Result<JobExecution, StoreError> {
    Ok(JobExecution {
        row: row.get("row_id")?,
        job_row: row.get("job_row")?,
        job: row.get("job")?,
        number: row.get("number")?,
        attempt: row.get("attempt")?,
        is_latest: row.get("is_latest")?,
        thing: row.get("thing")?,
        status: row.get("status")?,
        details: row.get("details")?,
        version: row.get("version")?,
        is_forced: row.get("is_forced")?,
        queued_at: row.get("queued_at")?,
        started_at: row.get("started_at")?,
        modified: row.get("modified")?,
        deadline: row.get("deadline")?,
        step_deadline: row.get("step_deadline")?,
        document: row.get("document")?,
        settings: row.get("settings")?,
    })
}

impl Store {
    /// The executions that a device may be handed: those in progress, then those that are queued, in
    /// the order in which they were queued. AWS: at most 10, 15 with a schedule.
    pub async fn pending_executions(
        &self,
        thing: &ThingName,
    ) -> Result<Vec<JobExecution>, StoreError> {
        self.read(|sql| {
            let mut found = pending(sql, thing, PENDING_SCHEDULED)?;
            if !found.iter().any(|it| it.settings.schedule.is_some()) {
                found.truncate(PENDING);
            }
            Ok(found)
        })
        .await
    }

    /// The execution that is next for a device.
    pub async fn next_execution(
        &self,
        thing: &ThingName,
    ) -> Result<Option<JobExecution>, StoreError> {
        self.read(|sql| first(sql, thing)).await
    }

    /// An execution.
    pub async fn job_execution(
        &self,
        key: &ExecutionKey,
    ) -> Result<Option<JobExecution>, StoreError> {
        self.read(|sql| find(sql, key)).await
    }
}

fn pending(
    sql: &Sql<'_>,
    thing: &ThingName,
    limit: usize,
) -> Result<Vec<JobExecution>, StoreError> {
    let text = format!("SELECT {COLUMNS} {FROM} WHERE {HANDED}");
    sql.all(&text, args![thing, limit], read_execution)
}

/// The execution that is next for a thing.
pub(super) fn first(sql: &Sql<'_>, thing: &ThingName) -> Result<Option<JobExecution>, StoreError> {
    Ok(pending(sql, thing, 1)?.pop())
}

/// The row of the execution that is next for a thing.
pub(super) fn first_row(sql: &Sql<'_>, thing: &ThingName) -> Result<Option<i64>, StoreError> {
    let text = format!("SELECT e.row_id {FROM} WHERE {HANDED}");
    sql.one(&text, args![thing, 1_usize], |row| row.value())
}

pub(super) fn find(sql: &Sql<'_>, key: &ExecutionKey) -> Result<Option<JobExecution>, StoreError> {
    let text = format!(
        "SELECT {COLUMNS} {FROM} WHERE e.thing = $1 AND j.id = $2 \
         AND (CAST($3 AS INTEGER) IS NULL OR e.number = $3) ORDER BY e.number DESC LIMIT 1"
    );
    sql.one(&text, args![&key.thing, &key.job, key.number], read_execution)
}

/// The execution, or `ResourceNotFound`.
pub(super) fn require(sql: &Sql<'_>, key: &ExecutionKey) -> Result<JobExecution, StoreError> {
    find(sql, key)?.ok_or_else(|| {
        let number = key.number.map(|number| format!(" {number}")).unwrap_or_default();
        StoreError::refused(
            ErrorCode::ResourceNotFound,
            format!("Thing {} has no execution{number} of job {}.", key.thing, key.job),
        )
    })
}
