//! Jobs are made, and get targets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::job::{ACTIVE_JOBS, JobSettings, JobStatus, TARGETS};
use fleetwright_core::names::{JobId, ThingGroupName, ThingName};
use fleetwright_core::time::Timestamp;

use super::{JobRow, change, find, require, rollout, schedule};
use crate::sql::{Sql, args, json};
use crate::{Store, StoreError, tags, thing_groups, things};

/// What a job is rolled out to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobTarget {
    /// A thing.
    Thing(ThingName),
    /// The things of a group and of those below it.
    Group(ThingGroupName),
}

impl JobTarget {
    fn kind(&self) -> &'static str {
        match self {
            Self::Thing(_) => "thing",
            Self::Group(_) => "thinggroup",
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Thing(name) => name.as_str(),
            Self::Group(name) => name.as_str(),
        }
    }

    /// Its ARN.
    pub fn arn(&self, scope: &AccountScope) -> String {
        scope.arn(self.kind(), self.name())
    }

    /// A target by its ARN.
    pub fn of_arn(scope: &AccountScope, arn: &str) -> Option<Self> {
        let name = |kind| arn.strip_prefix(scope.arn(kind, "").as_str());
        match (name("thing"), name("thinggroup")) {
            (Some(name), _) => ThingName::parse(name).ok().map(Self::Thing),
            (_, Some(name)) => ThingGroupName::parse(name).ok().map(Self::Group),
            _ => None,
        }
    }
}

impl fmt::Display for JobTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind(), self.name())
    }
}

/// A job to make.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// `jobId`
    pub id: JobId,
    /// `targets`
    pub targets: Vec<JobTarget>,
    /// `targetSelection` is CONTINUOUS.
    pub is_continuous: bool,
    /// `namespaceId`
    pub namespace: Option<String>,
    /// `description`
    pub description: Option<String>,
    /// The job document.
    pub document: String,
    /// Where it was read.
    pub document_source: Option<String>,
    /// `jobTemplateArn`
    pub template_arn: Option<String>,
    /// `documentParameters`
    pub parameters: BTreeMap<String, String>,
    /// Its configurations.
    pub settings: JobSettings,
    /// `tags`
    pub tags: BTreeMap<String, String>,
}

impl Store {
    /// `CreateJob`: with the executions of as many things as one transaction takes.
    ///
    /// # Errors
    /// `ResourceAlreadyExists`; `ResourceNotFound` of a target; `LimitExceeded`.
    pub async fn create_job(
        &self,
        new: NewJob,
        ceiling: Option<u32>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.write(move |sql| create(sql, new, ceiling, now)).await
    }

    /// `AssociateTargetsWithJob`: of a continuous job in progress.
    ///
    /// # Errors
    /// `ResourceNotFound` of the job or a target; `InvalidRequest` of another job; `LimitExceeded`.
    pub async fn add_job_targets(
        &self,
        id: JobId,
        new: Vec<JobTarget>,
        comment: Option<String>,
        now: Timestamp,
    ) -> Result<Option<String>, StoreError> {
        self.write(move |sql| {
            let job = require(sql, &id)?;
            if !job.is_continuous || job.status != JobStatus::InProgress {
                return Err(StoreError::refused(
                    ErrorCode::InvalidRequest,
                    format!(
                        "Job {id} is {} and {}; targets are added to a CONTINUOUS job that is \
                         IN_PROGRESS.",
                        job.status.as_str(),
                        if job.is_continuous { "CONTINUOUS" } else { "SNAPSHOT" }
                    ),
                ));
            }
            insert_targets(sql, job.row, &new)?;
            sql.execute(
                "UPDATE jobs SET is_rolling = 1, due = $1, modified = $1, \
                 comment = COALESCE($2, comment) WHERE row_id = $3",
                args![now, comment.as_deref(), job.row],
            )?;
            Ok(job.description)
        })
        .await
    }
}

fn create(
    sql: &Sql<'_>,
    new: NewJob,
    ceiling: Option<u32>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if find(sql, &new.id)?.is_some() {
        return Err(Refusal::new(
            ErrorCode::ResourceAlreadyExists,
            format!("Job {} already exists.", new.id),
        )
        .about(new.id.as_str(), sql.scope.arn("job", &new.id))
        .into());
    }
    let active = sql
        .count("SELECT count(*) FROM jobs WHERE status IN ('SCHEDULED', 'IN_PROGRESS')", args![])?;
    if active >= ACTIVE_JOBS {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!("There are {active} active jobs; the limit is {ACTIVE_JOBS}."),
        ));
    }
    let plan = schedule::plan(&new.settings, now);
    let row = JobRow(sql.insert(
        "INSERT INTO jobs (id, status, is_continuous, namespace, description, document, \
         document_source, template_arn, parameters, settings, is_forced, is_closed, has_ended, \
         is_rolling, canceling, due, turn, window_used, queued, in_progress, succeeded, failed, \
         timed_out, rejected, removed, canceled, created, modified) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, $11, 0, 1, 0, $12, $13, 0, \
         0, 0, 0, 0, 0, 0, 0, 0, $14, $14) RETURNING row_id",
        args![
            &new.id,
            plan.status,
            new.is_continuous,
            new.namespace.as_deref(),
            new.description.as_deref(),
            &new.document,
            new.document_source.as_deref(),
            new.template_arn.as_deref(),
            &json(&new.parameters)?,
            &json(&new.settings)?,
            plan.is_closed,
            (plan.status == JobStatus::InProgress).then_some(now),
            plan.turn,
            now
        ],
    )?);
    insert_targets(sql, row, &new.targets)?;
    tags::put(sql, "job", row.0, &new.tags)?;
    // A snapshot is of now, whenever its job begins.
    rollout::list(sql, row)?;
    if plan.status == JobStatus::InProgress {
        rollout::advance(sql, row, ceiling, now)?;
        change::settle(sql, row, now)?;
    }
    Ok(())
}

fn insert_targets(sql: &Sql<'_>, job: JobRow, new: &[JobTarget]) -> Result<(), StoreError> {
    let mut all: BTreeSet<JobTarget> = super::targets(sql, job)?.into_iter().collect();
    all.extend(new.iter().cloned());
    if all.len() > TARGETS {
        return Err(StoreError::refused(
            ErrorCode::LimitExceeded,
            format!("A job has at most {TARGETS} targets; this would make {}.", all.len()),
        ));
    }
    for target in new {
        match target {
            JobTarget::Thing(name) => drop(things::require(sql, name)?),
            JobTarget::Group(name) => drop(thing_groups::require(sql, name)?),
        }
        sql.execute(
            "INSERT INTO job_targets (job_row, kind, name, is_listed, after_group, after_thing) \
             VALUES ($1, $2, $3, 0, 0, 0) ON CONFLICT DO NOTHING",
            args![job, target.kind(), target.name()],
        )?;
    }
    Ok(())
}

/// The targets of a job, in the order in which they were given.
pub(super) fn read_targets(
    sql: &Sql<'_>,
    job: JobRow,
    more: &str,
) -> Result<Vec<JobTarget>, StoreError> {
    let text =
        format!("SELECT kind, name FROM job_targets WHERE job_row = $1 {more} ORDER BY row_id");
    sql.all(&text, args![job], |row| {
        let kind: String = row.get("kind")?;
        Ok(match kind.as_str() {
            "thing" => JobTarget::Thing(row.get("name")?),
            _ => JobTarget::Group(row.get("name")?),
        })
    })
}
