//! Jobs as devices ask for them, over HTTP. The signing name tells them from the control plane's
//! operations of the same paths.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::job::{Asked, JobOperation, read_request};
use fleetwright_core::names::{JobId, ThingName};
use fleetwright_services::{execution_shape, pending_shape, state_shape};
use fleetwright_store::JobExecution;
use serde_json::{Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::members::{invalid, violation};
use crate::rest::{Answer, Call, Offer, Operation, Outcome, not_found, put};

/// What is offered.
pub(crate) static OFFER: Offer = Offer::new(include_str!("known_operations.txt"), &[OPERATIONS]);

const OPERATIONS: &[Operation] = &[
    operation!("GetPendingJobExecutions", get_pending_job_executions),
    operation!("StartNextPendingJobExecution", start_next_pending_job_execution),
    operation!("DescribeJobExecution", describe_job_execution),
    operation!("UpdateJobExecution", update_job_execution),
];

/// `GetPendingJobExecutions`
async fn get_pending_job_executions(control: &Control, call: &Authorized<Call>) -> Outcome {
    let thing = registered(control, call).await?;
    let pending = control.services.pending_jobs(&thing).await?;
    Ok(Answer::json(pending_shape(&pending)))
}

/// `StartNextPendingJobExecution`: without an execution when there is none.
async fn start_next_pending_job_execution(control: &Control, call: &Authorized<Call>) -> Outcome {
    let thing = registered(control, call).await?;
    let Asked::StartNext { details, step_minutes } = asked(call, &JobOperation::StartNext)? else {
        return Err(Refusal::internal("another request").into());
    };
    let services = &control.services;
    let next = services.start_next_job(&control.store, &thing, details, step_minutes).await?;
    answer(control, next.as_ref(), true)
}

/// `DescribeJobExecution`; the job may be `$next`.
async fn describe_job_execution(control: &Control, call: &Authorized<Call>) -> Outcome {
    let thing = thing(call)?;
    let job = match call.label_text("jobId")? {
        "$next" => None,
        text => Some(JobId::parse(text).map_err(violation)?),
    };
    let number = call.query_integer("executionNumber", 0..=i64::MAX.unsigned_abs())?;
    let with_document = call.query_text("includeJobDocument")?.is_none()
        || call.query_flag("includeJobDocument")?;
    let number = number.and_then(|number| i64::try_from(number).ok());
    let found = control.services.describe_job_execution(&thing, job.as_ref(), number).await?;
    answer(control, found.as_ref(), with_document)
}

/// `UpdateJobExecution`
async fn update_job_execution(control: &Control, call: &Authorized<Call>) -> Outcome {
    let thing = thing(call)?;
    let job = call.label("jobId", JobId::parse)?;
    let Asked::Update { job, update, with_state, with_document } =
        asked(call, &JobOperation::Update(job))?
    else {
        return Err(Refusal::internal("another request").into());
    };
    let services = &control.services;
    let found = services.update_job_execution(&control.store, &thing, job, update).await?;
    let mut shape = json!({});
    put(&mut shape, "executionState", with_state.then(|| state_shape(&found)));
    if with_document {
        put(&mut shape, "jobDocument", Some(services.job_document_text(&found)?));
    }
    Ok(Answer::json(shape))
}

fn thing(call: &Call) -> Result<ThingName, Refusal> {
    call.label("thingName", ThingName::parse)
}

/// The thing of the path, which must exist.
async fn registered(control: &Control, call: &Call) -> Result<ThingName, Refusal> {
    let thing = thing(call)?;
    match control.store.thing(&thing).await? {
        Some(_) => Ok(thing),
        None => Err(not_found("thing", thing)),
    }
}

fn asked(call: &Call, operation: &JobOperation) -> Result<Asked, Refusal> {
    let (_, asked) = read_request(operation, &call.body);
    asked.map_err(|refusal| invalid(refusal.message))
}

fn answer(control: &Control, found: Option<&JobExecution>, with_document: bool) -> Outcome {
    let Some(found) = found else { return Ok(Answer::json(json!({}))) };
    let mut shape: Value = execution_shape(found);
    if with_document {
        put(&mut shape, "jobDocument", Some(control.services.job_document_text(found)?));
    }
    let seconds = found.due().map(|due| (due.0 - control.now().0).max(0).div_euclid(1000));
    put(&mut shape, "approximateSecondsBeforeTimedOut", seconds);
    Ok(Answer::json(json!({ "execution": shape })))
}
