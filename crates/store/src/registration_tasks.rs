//! Bulk registration tasks: their state, and what became of their lines.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::time::Timestamp;

use crate::sql::{Cell, Column, Row, Sql, args};
use crate::{Page, Store, StoreError, Uuid, page};

/// The row of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TaskRow(pub i64);

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskStatus {
    /// It has lines left.
    InProgress,
    /// Every line has its outcome.
    Completed,
    /// It could not go on.
    Failed,
    /// It was stopped.
    Cancelled,
    /// It is being stopped.
    Cancelling,
}

impl TaskStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::InProgress, Self::Completed, Self::Failed, Self::Cancelled, Self::Cancelling];

    /// AWS's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "InProgress",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
            Self::Cancelling => "Cancelling",
        }
    }
}

/// A task to start.
#[derive(Debug, Clone)]
pub struct NewRegistrationTask {
    /// `taskId`.
    pub id: Uuid,
    /// `templateBody`.
    pub template_body: String,
    /// `inputFileBucket`.
    pub bucket: String,
    /// `inputFileKey`.
    pub key: String,
    /// `roleArn`.
    pub role_arn: String,
}

/// A task.
#[derive(Debug, Clone)]
pub struct RegistrationTask {
    /// Its row.
    pub row: TaskRow,
    /// What was asked.
    pub asked: NewRegistrationTask,
    /// Where it stands.
    pub status: TaskStatus,
    /// Why it failed.
    pub message: Option<String>,
    /// Lines of the input; `None` until it was read.
    pub total: Option<u64>,
    /// Lines that registered something.
    pub succeeded: u64,
    /// Lines that did not.
    pub failed: u64,
    /// When it was started.
    pub created: Timestamp,
    /// When it last moved.
    pub modified: Timestamp,
}

impl Store {
    /// Starts a task. AWS: one at a time in an account; another is refused (`InvalidRequest`).
    pub async fn start_registration_task(
        &self,
        new: NewRegistrationTask,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| start(sql, &new, now)).await
    }

    /// A task by its id.
    pub async fn registration_task(
        &self,
        id: Uuid,
    ) -> Result<Option<RegistrationTask>, StoreError> {
        self.read(move |sql| sql.one(&select("id = $1"), args![&id], read_task)).await
    }

    /// The task that is not at its end, if there is one.
    pub async fn unfinished_registration_task(
        &self,
    ) -> Result<Option<RegistrationTask>, StoreError> {
        self.read(unfinished).await
    }

    /// `ListThingRegistrationTasks`: newest first, ids with their rows.
    pub async fn list_registration_tasks(
        &self,
        status: Option<TaskStatus>,
        before: Option<TaskRow>,
        limit: usize,
    ) -> Result<Page<(TaskRow, Uuid), TaskRow>, StoreError> {
        self.read(move |sql| {
            let size = page::size(limit);
            let items = sql.all(
                "SELECT row_id, id FROM registration_tasks WHERE row_id < $1 \
                 AND ($2 IS NULL OR status = $2) ORDER BY row_id DESC LIMIT $3",
                args![
                    before.map_or(i64::MAX, |row| row.0),
                    status.map(TaskStatus::as_str),
                    size + 1
                ],
                |row| Ok((TaskRow(row.get("row_id")?), row.get("id")?)),
            )?;
            Ok(Page::cut(items, size, |(row, _)| *row))
        })
        .await
    }

    /// How many lines the input has.
    pub async fn set_registration_total(&self, row: TaskRow, total: u64) -> Result<(), StoreError> {
        self.write(move |sql| {
            let total = i64::try_from(total).unwrap_or(i64::MAX);
            sql.execute(
                "UPDATE registration_tasks SET total_lines = $1 WHERE row_id = $2",
                args![total, row.0],
            )
            .map(drop)
        })
        .await
    }

    /// Moves a task that is `from` to `to`; false when it was not.
    pub async fn move_registration_task(
        &self,
        row: TaskRow,
        from: TaskStatus,
        to: TaskStatus,
        message: Option<String>,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        self.write_if(move |sql| {
            let moved = sql.execute(
                "UPDATE registration_tasks SET status = $1, message = $2, modified = $3 \
                 WHERE row_id = $4 AND status = $5",
                args![to.as_str(), message.as_deref(), now, row.0, from.as_str()],
            )?;
            Ok(moved > 0)
        })
        .await
    }

    /// The lines from `first` to `last` that have their outcome.
    pub async fn noted_lines(
        &self,
        row: TaskRow,
        first: u64,
        last: u64,
    ) -> Result<Vec<u64>, StoreError> {
        self.read(move |sql| {
            let bound = |line: u64| i64::try_from(line).unwrap_or(i64::MAX);
            sql.all(
                "SELECT line FROM registration_lines WHERE task_row = $1 \
                 AND line BETWEEN $2 AND $3",
                args![row.0, bound(first), bound(last)],
                |row| row.value::<i64>().map(|line| u64::try_from(line).unwrap_or(0)),
            )
        })
        .await
    }

    /// The lines of a report, in order: `limit` of them after the first `skip`.
    pub async fn registration_report(
        &self,
        row: TaskRow,
        succeeded: bool,
        skip: usize,
        limit: usize,
    ) -> Result<Vec<String>, StoreError> {
        self.read(move |sql| {
            sql.all(
                "SELECT outcome FROM registration_lines WHERE task_row = $1 AND succeeded = $2 \
                 ORDER BY line LIMIT $3 OFFSET $4",
                args![row.0, succeeded, limit, skip],
                |row| row.value(),
            )
        })
        .await
    }

    /// Deletes one task that ended before an instant, with its lines; true when there was one.
    pub async fn purge_registration_task(&self, before: Timestamp) -> Result<bool, StoreError> {
        self.write(move |sql| {
            let found: Option<i64> = sql.one(
                "SELECT row_id FROM registration_tasks WHERE modified < $1 \
                 AND status IN ('Completed', 'Failed', 'Cancelled') ORDER BY row_id LIMIT 1",
                args![before],
                |row| row.value(),
            )?;
            let Some(row) = found else { return Ok(false) };
            sql.execute("DELETE FROM registration_lines WHERE task_row = $1", args![row])?;
            sql.execute("DELETE FROM registration_tasks WHERE row_id = $1", args![row])?;
            Ok(true)
        })
        .await
    }
}

fn select(condition: &str) -> String {
    format!(
        "SELECT row_id, id, template_body, bucket, object_key, role_arn, status, message, \
         total_lines, succeeded, failed, created, modified FROM registration_tasks \
         WHERE {condition}"
    )
}

fn unfinished(sql: &Sql<'_>) -> Result<Option<RegistrationTask>, StoreError> {
    let condition = "status IN ('InProgress', 'Cancelling') ORDER BY row_id LIMIT 1";
    sql.one(&select(condition), args![], read_task)
}

fn start(sql: &Sql<'_>, new: &NewRegistrationTask, now: Timestamp) -> Result<(), StoreError> {
    if let Some(running) = unfinished(sql)? {
        return Err(StoreError::refused(
            ErrorCode::InvalidRequest,
            format!(
                "Registration task {} is {}; an account has one at a time. Wait for its end, or \
                 stop it with StopThingRegistrationTask.",
                running.asked.id,
                running.status.as_str()
            ),
        ));
    }
    sql.execute(
        "INSERT INTO registration_tasks (id, template_body, bucket, object_key, role_arn, status, \
         succeeded, failed, created, modified) VALUES ($1, $2, $3, $4, $5, $6, 0, 0, $7, $8)",
        args![
            &new.id,
            &new.template_body,
            &new.bucket,
            &new.key,
            &new.role_arn,
            TaskStatus::InProgress.as_str(),
            now,
            now
        ],
    )?;
    Ok(())
}

fn read_task(row: &Row<'_>) -> Result<RegistrationTask, StoreError> {
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    let total: Option<i64> = row.get("total_lines")?;
    Ok(RegistrationTask {
        row: TaskRow(row.get("row_id")?),
        asked: NewRegistrationTask {
            id: row.get("id")?,
            template_body: row.get("template_body")?,
            bucket: row.get("bucket")?,
            key: row.get("object_key")?,
            role_arn: row.get("role_arn")?,
        },
        status: row.get("status")?,
        message: row.get("message")?,
        total: total.map(count),
        succeeded: count(row.get("succeeded")?),
        failed: count(row.get("failed")?),
        created: row.get("created")?,
        modified: row.get("modified")?,
    })
}

impl Column for TaskStatus {
    fn read(cell: Cell<'_>) -> Option<Self> {
        match cell {
            Cell::Text(text) => Self::ALL.into_iter().find(|status| status.as_str() == text),
            _ => None,
        }
    }
}
