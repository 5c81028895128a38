//! Jobs.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::job::{JobStatus, TEXT_CHARS};
use fleetwright_core::names::{JobId, ThingGroupName};
use fleetwright_store::{Job, JobCancel, JobFilter, NewJob};
use serde_json::json;

use super::{job_documents, job_members, job_shapes};
use crate::Control;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, not_found, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateJob", create_job),
    operation!("DescribeJob", describe_job),
    operation!("ListJobs", list_jobs),
    operation!("UpdateJob", update_job),
    operation!("CancelJob", cancel_job),
    operation!("DeleteJob", delete_job),
    operation!("GetJobDocument", get_job_document),
    operation!("AssociateTargetsWithJob", associate_targets_with_job),
];

/// `CreateJob`: its first executions are there when this is answered.
async fn create_job(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = id(call)?;
    let body = call.object()?;
    let members = body.members();
    let targets = job_members::targets(control, &members)?;
    let is_continuous = selection(members.text("targetSelection")?)?.unwrap_or(false);
    let document = job_documents::read(control, &members).await?;
    let mut settings = job_members::settings(&members, control.now())?;
    let beneath = document.settings;
    settings.presigned = settings.presigned.or(beneath.presigned);
    settings.rollout = settings.rollout.or(beneath.rollout);
    settings.timeout_minutes = settings.timeout_minutes.or(beneath.timeout_minutes);
    settings.schedule = settings.schedule.or(beneath.schedule.filter(|_| is_continuous));
    if settings.abort.is_empty() {
        settings.abort = beneath.abort;
    }
    if settings.retry.is_empty() {
        settings.retry = beneath.retry;
    }
    if settings.packages.is_empty() {
        settings.packages = beneath.packages;
    }
    if !is_continuous && settings.schedule.as_ref().is_some_and(|it| !it.windows.is_empty()) {
        return Err(invalid("Maintenance windows are for CONTINUOUS jobs.").into());
    }
    let parameters = members.text_map("documentParameters")?.unwrap_or_default();
    let parameters =
        parameters.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
    let new = NewJob {
        id: id.clone(),
        targets,
        is_continuous,
        namespace: members.optional("namespaceId", job_members::namespace)?,
        description: job_members::description(&members)?.or(document.description),
        document: job_documents::with_parameters(&document.text, &parameters),
        document_source: document.source,
        template_arn: document.template_arn,
        parameters,
        settings,
        tags: tags::tags(&members)?,
    };
    let description = new.description.clone();
    control.store.create_job(new, control.services.job_ceiling(), control.now()).await?;
    control.services.jobs_changed();
    Ok(Answer::json(job_shapes::named(control, id.as_str(), description.as_deref())))
}

/// `DescribeJob`
async fn describe_job(control: &Control, call: &Authorized<Call>) -> Outcome {
    call.query_flag("beforeSubstitution")?;
    let job = job(control, &id(call)?).await?;
    let targets = control.store.job_targets(job.row).await?;
    let processing = control.store.processing_targets(job.row).await?;
    let processing = if job.status == JobStatus::InProgress { processing } else { Vec::new() };
    Ok(Answer::json(json!({
        "documentSource": job.document_source,
        "job": job_shapes::job(control, &job, &targets, &processing),
    })))
}

/// `ListJobs`: newest first.
async fn list_jobs(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let status = |text: &str| {
        JobStatus::parse(text).ok_or_else(|| format!("'{text}' is no status of a job"))
    };
    let group = call.query_name("thingGroupName", ThingGroupName::parse)?;
    if let Some(group) = &group
        && control.store.thing_group(group).await?.is_none()
    {
        return Err(not_found("thing group", group).into());
    }
    let group_id = call.query_text("thingGroupId")?;
    let group_id = group_id.map(|text| {
        fleetwright_store::Uuid::parse(text)
            .ok_or_else(|| invalid("The query parameter 'thingGroupId' is not the id of a group."))
    });
    let filter = JobFilter {
        status: call.query_name("status", status)?,
        is_continuous: selection(call.query_text("targetSelection")?)?,
        group,
        group_id: group_id.transpose()?,
        namespace: call.query_name("namespaceId", job_members::namespace)?,
    };
    let found = control.store.list_jobs(&filter, page.row(&NEXT_TOKEN)?, page.size).await?;
    let jobs = found.items.iter().map(|job| job_shapes::summary(control, job));
    let next = found.next.map(|row| row.to_string());
    Ok(Answer::list("jobs", jobs, &NEXT_TOKEN, next.as_deref()))
}

/// `UpdateJob`: the members that are present.
async fn update_job(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = id(call)?;
    call.query_name("namespaceId", job_members::namespace)?;
    let body = call.object()?;
    let update = job_members::update(&body.members())?;
    control.store.update_job(id, update, control.now()).await?;
    control.services.jobs_changed();
    Ok(Answer::empty())
}

/// `CancelJob`: without force what is in progress goes on.
async fn cancel_job(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = id(call)?;
    let body = call.object()?;
    let members = body.members();
    let asked = JobCancel {
        reason_code: members.optional("reasonCode", reason_code)?,
        comment: comment(&members)?,
        is_forced: call.query_flag("force")?,
    };
    let description = control.store.cancel_job(id.clone(), asked, control.now()).await?;
    control.services.jobs_changed();
    Ok(Answer::json(job_shapes::named(control, id.as_str(), description.as_deref())))
}

/// `DeleteJob`: one that is over, with force any.
async fn delete_job(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = id(call)?;
    call.query_name("namespaceId", job_members::namespace)?;
    control.store.delete_job(id, call.query_flag("force")?, control.now()).await?;
    control.services.jobs_changed();
    Ok(Answer::empty())
}

/// `GetJobDocument`: placeholders of URLs are not filled.
async fn get_job_document(control: &Control, call: &Authorized<Call>) -> Outcome {
    call.query_flag("beforeSubstitution")?;
    let job = job(control, &id(call)?).await?;
    Ok(Answer::json(json!({ "document": job.document })))
}

/// `AssociateTargetsWithJob`: of a continuous job.
async fn associate_targets_with_job(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = id(call)?;
    call.query_name("namespaceId", job_members::namespace)?;
    let body = call.object()?;
    let members = body.members();
    let targets = job_members::targets(control, &members)?;
    let comment = comment(&members)?;
    let now = control.now();
    let description = control.store.add_job_targets(id.clone(), targets, comment, now).await?;
    control.services.jobs_changed();
    Ok(Answer::json(job_shapes::named(control, id.as_str(), description.as_deref())))
}

/// The id of the path.
pub(super) fn id(call: &Call) -> Result<JobId, Refusal> {
    call.label("jobId", JobId::parse)
}

async fn job(control: &Control, id: &JobId) -> Result<Job, Refusal> {
    control.store.job(id).await?.ok_or_else(|| not_found("job", id))
}

/// Whether `targetSelection` is CONTINUOUS.
fn selection(text: Option<&str>) -> Result<Option<bool>, Refusal> {
    match text {
        None => Ok(None),
        Some("CONTINUOUS") => Ok(Some(true)),
        Some("SNAPSHOT") => Ok(Some(false)),
        Some(_) => Err(invalid("'targetSelection' must be SNAPSHOT or CONTINUOUS.")),
    }
}

fn comment(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    Ok(crate::rest::description(members, "comment", TEXT_CHARS)?.map(str::to_owned))
}

/// AWS: shape `ReasonCode`.
fn reason_code(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_uppercase() || c.is_numeric() || c == '_';
    match text.chars().count() <= 128 && text.chars().all(allowed) {
        true => Ok(text.to_owned()),
        false => Err("reasonCode must be at most 128 capital letters, digits and _".to_owned()),
    }
}
