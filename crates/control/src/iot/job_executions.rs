//! Executions of jobs.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::job::{ExecutionStatus, check_details};
use fleetwright_core::names::{JobId, ThingName};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{ExecutionFilter, ExecutionKey, JobExecution};
use serde_json::{Value, json};

use super::job_members;
use crate::Control;
use crate::operation::operation;
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, not_found, put};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("DescribeJobExecution", describe_job_execution),
    operation!("ListJobExecutionsForJob", list_job_executions_for_job),
    operation!("ListJobExecutionsForThing", list_job_executions_for_thing),
    operation!("CancelJobExecution", cancel_job_execution),
    operation!("DeleteJobExecution", delete_job_execution),
];

/// `DescribeJobExecution`
async fn describe_job_execution(control: &Control, call: &Authorized<Call>) -> Outcome {
    let number = call.query_integer("executionNumber", 0..=i64::MAX.unsigned_abs())?;
    let key = key(call, number)?;
    let found = control.store.job_execution(&key).await?;
    let found = found.ok_or_else(|| {
        not_found("execution of the job", format_args!("{} by thing {}", key.job, key.thing))
    })?;
    let mut shape = json!({
        "jobId": found.job.as_str(),
        "status": found.status.as_str(),
        "forceCanceled": found.is_forced,
        "thingArn": control.scope.arn("thing", &found.thing),
        "queuedAt": found.queued_at.epoch_seconds(),
        "lastUpdatedAt": found.modified.epoch_seconds(),
        "executionNumber": found.number,
        "versionNumber": found.version,
    });
    put(&mut shape, "startedAt", found.started_at.map(Timestamp::epoch_seconds));
    if !found.details.is_empty() {
        put(&mut shape, "statusDetails", Some(json!({"detailsMap": found.details})));
    }
    let seconds = found.due().map(|due| (due.0 - control.now().0).max(0).div_euclid(1000));
    put(&mut shape, "approximateSecondsBeforeTimedOut", seconds);
    Ok(Answer::json(json!({ "execution": shape })))
}

/// `ListJobExecutionsForJob`
async fn list_job_executions_for_job(control: &Control, call: &Authorized<Call>) -> Outcome {
    let job = super::jobs::id(call)?;
    let page = NEXT_TOKEN.read(call)?;
    let (status, after) = (status(call)?, page.row(&NEXT_TOKEN)?);
    let found = control.store.executions_of_job(&job, status, after, page.size).await?;
    let items = found.items.iter().map(|it| {
        json!({
            "thingArn": control.scope.arn("thing", &it.thing),
            "jobExecutionSummary": summary(it),
        })
    });
    let next = found.next.map(|row| row.to_string());
    Ok(Answer::list("executionSummaries", items, &NEXT_TOKEN, next.as_deref()))
}

/// `ListJobExecutionsForThing`
async fn list_job_executions_for_thing(control: &Control, call: &Authorized<Call>) -> Outcome {
    let thing = thing(call)?;
    let page = NEXT_TOKEN.read(call)?;
    let filter = ExecutionFilter {
        status: status(call)?,
        job: call.query_name("jobId", JobId::parse)?,
        namespace: call.query_name("namespaceId", job_members::namespace)?,
    };
    let after = page.row(&NEXT_TOKEN)?;
    let found = control.store.executions_of_thing(&thing, &filter, after, page.size).await?;
    if found.items.is_empty() && control.store.thing(&thing).await?.is_none() {
        return Err(not_found("thing", &thing).into());
    }
    let items = found.items.iter();
    let items =
        items.map(|it| json!({"jobId": it.job.as_str(), "jobExecutionSummary": summary(it)}));
    let next = found.next.map(|row| row.to_string());
    Ok(Answer::list("executionSummaries", items, &NEXT_TOKEN, next.as_deref()))
}

/// `CancelJobExecution`: one in progress with force only.
async fn cancel_job_execution(control: &Control, call: &Authorized<Call>) -> Outcome {
    let key = key(call, None)?;
    let body = call.object()?;
    let members = body.members();
    let details = members.text_map("statusDetails")?;
    let details = details.map(|map| {
        map.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    });
    if let Some(details) = &details {
        check_details(details)?;
    }
    let (expected, forced) = (members.expected_version()?, call.query_flag("force")?);
    let now = control.now();
    control.store.cancel_job_execution(key, details, expected, forced, now).await?;
    control.services.jobs_changed();
    Ok(Answer::empty())
}

/// `DeleteJobExecution`: one that is over, with force any.
async fn delete_job_execution(control: &Control, call: &Authorized<Call>) -> Outcome {
    let number = call.label("executionNumber", |text| {
        text.parse::<u64>().map_err(|_| format!("executionNumber '{text}' must be a number"))
    })?;
    let key = key(call, Some(number))?;
    call.query_name("namespaceId", job_members::namespace)?;
    let forced = call.query_flag("force")?;
    control.store.delete_job_execution(key, forced, control.now()).await?;
    control.services.jobs_changed();
    Ok(Answer::empty())
}

fn key(call: &Call, number: Option<u64>) -> Result<ExecutionKey, Refusal> {
    let number = number.map(|number| i64::try_from(number).unwrap_or(i64::MAX));
    Ok(ExecutionKey { job: super::jobs::id(call)?, thing: thing(call)?, number })
}

fn thing(call: &Call) -> Result<ThingName, Refusal> {
    call.label("thingName", ThingName::parse)
}

fn status(call: &Call) -> Result<Option<ExecutionStatus>, Refusal> {
    call.query_name("status", |text| {
        ExecutionStatus::parse(text).ok_or_else(|| format!("'{text}' is no status of an execution"))
    })
}

/// `JobExecutionSummary`
fn summary(execution: &JobExecution) -> Value {
    let mut shape = json!({
        "status": execution.status.as_str(),
        "queuedAt": execution.queued_at.epoch_seconds(),
        "lastUpdatedAt": execution.modified.epoch_seconds(),
        "executionNumber": execution.number,
        "retryAttempt": execution.attempt,
    });
    put(&mut shape, "startedAt", execution.started_at.map(Timestamp::epoch_seconds));
    shape
}
