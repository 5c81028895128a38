//! What devices and operators do to one execution.

use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::job::{DeviceUpdate, ExecutionStatus};
use fleetwright_core::names::ThingName;
use fleetwright_core::time::Timestamp;

use super::change::{change, settle};
use super::executions::{ExecutionChange, ExecutionKey, JobExecution, find, first, require};
use crate::sql::Sql;
use crate::{Store, StoreError};

impl Store {
    /// `StartNextPendingJobExecution`: one that is in progress is handed out again as it is.
    pub async fn start_next_execution(
        &self,
        thing: ThingName,
        details: Option<BTreeMap<String, String>>,
        step_minutes: Option<i64>,
        now: Timestamp,
    ) -> Result<Option<JobExecution>, StoreError> {
        // Most devices that ask have nothing to do, and are not to wait for a commit.
        match self.next_execution(&thing).await? {
            None => return Ok(None),
            Some(found) if found.status == ExecutionStatus::InProgress => return Ok(Some(found)),
            Some(_) => {}
        }
        self.write(move |sql| {
            let Some(found) = first(sql, &thing)? else { return Ok(None) };
            if found.status == ExecutionStatus::InProgress {
                return Ok(Some(found));
            }
            let to = ExecutionChange {
                details,
                step_minutes,
                ..ExecutionChange::to(ExecutionStatus::InProgress)
            };
            change(sql, &found, &to, now)?;
            settle(sql, found.job_row, now)?;
            again(sql, &found).map(Some)
        })
        .await
    }

    /// `UpdateJobExecution`; answers the execution as it is then.
    ///
    /// # Errors
    /// `ResourceNotFound`; `VersionMismatch`; `InvalidStateTransition`.
    pub async fn update_job_execution(
        &self,
        key: ExecutionKey,
        update: DeviceUpdate,
        now: Timestamp,
    ) -> Result<JobExecution, StoreError> {
        self.write(move |sql| {
            let latest = ExecutionKey { number: None, ..key.clone() };
            let found = require(sql, &latest)?;
            if key.number.is_some_and(|number| number != found.number) {
                return Err(require(sql, &key).err().unwrap_or_else(|| over(&found, &update)));
            }
            if let Some(expected) = update.expected_version
                && expected != found.version
            {
                return Err(StoreError::refused(
                    ErrorCode::VersionMismatch,
                    format!("Expected version {expected} but found version {}", found.version),
                ));
            }
            if !found.status.may_become(update.status) {
                return Err(over(&found, &update));
            }
            let DeviceUpdate { status, details, step_minutes, .. } = update;
            let to = ExecutionChange { details, step_minutes, ..ExecutionChange::to(status) };
            change(sql, &found, &to, now)?;
            settle(sql, found.job_row, now)?;
            again(sql, &found)
        })
        .await
    }

    /// `CancelJobExecution`
    ///
    /// # Errors
    /// `ResourceNotFound`; `VersionConflict`; `InvalidStateTransition` of one that is over, or in
    /// progress unless it is forced.
    pub async fn cancel_job_execution(
        &self,
        key: ExecutionKey,
        details: Option<BTreeMap<String, String>>,
        expected_version: Option<i64>,
        is_forced: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| {
            let found = require(sql, &key)?;
            if let Some(expected) = expected_version
                && expected != found.version
            {
                return Err(StoreError::refused(
                    ErrorCode::VersionConflict,
                    format!("Expected version {expected} but found version {}", found.version),
                ));
            }
            let is_free = found.status == ExecutionStatus::Queued
                || (found.status == ExecutionStatus::InProgress && is_forced);
            if !is_free {
                return Err(StoreError::refused(
                    ErrorCode::InvalidStateTransition,
                    format!(
                        "The execution is {}; one that is QUEUED can be cancelled, and with force \
                         one that is IN_PROGRESS.",
                        found.status.as_str()
                    ),
                ));
            }
            let is_forced = found.status == ExecutionStatus::InProgress;
            let to = ExecutionChange {
                details,
                is_forced,
                ..ExecutionChange::to(ExecutionStatus::Canceled)
            };
            change(sql, &found, &to, now)?;
            settle(sql, found.job_row, now)
        })
        .await
    }
}

fn over(found: &JobExecution, update: &DeviceUpdate) -> StoreError {
    StoreError::refused(
        ErrorCode::InvalidStateTransition,
        format!(
            "The execution is {} and cannot become {}",
            found.status.as_str(),
            update.status.as_str()
        ),
    )
}

/// The execution as it is after a change.
fn again(sql: &Sql<'_>, found: &JobExecution) -> Result<JobExecution, StoreError> {
    let key = ExecutionKey {
        job: found.job.clone(),
        thing: found.thing.clone(),
        number: Some(found.number),
    };
    Ok(find(sql, &key)?.unwrap_or_else(|| found.clone()))
}
