//! Job templates. There are none of AWS's own.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::job::Schedule;
use fleetwright_core::names::{JobId, JobTemplateId};
use fleetwright_core::text::shown_arn;
use fleetwright_store::JobTemplate;
use serde_json::{Value, json};

use super::{job_documents, job_members, job_shapes};
use crate::Control;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, not_found, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateJobTemplate", create_job_template),
    operation!("DescribeJobTemplate", describe_job_template),
    operation!("ListJobTemplates", list_job_templates),
    operation!("DeleteJobTemplate", delete_job_template),
    operation!("ListManagedJobTemplates", list_managed_job_templates),
    operation!("DescribeManagedJobTemplate", describe_managed_job_template),
];

/// `CreateJobTemplate`: of a document, or of a job with its configurations.
async fn create_job_template(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = id(call)?;
    let body = call.object()?;
    let members = body.members();
    let description = job_members::description(&members)?
        .ok_or_else(|| invalid("The member 'description' is required."))?;
    let mut settings = job_members::settings(&members, control.now())?;
    let windows = job_members::windows(&members)?;
    let (document, document_source) = match members.text("jobArn")? {
        Some(arn) => {
            let job = job(control, &members, arn).await?;
            let given = settings;
            settings = job.settings;
            settings.presigned = given.presigned.or(settings.presigned);
            settings.rollout = given.rollout.or(settings.rollout);
            settings.timeout_minutes = given.timeout_minutes.or(settings.timeout_minutes);
            if !given.abort.is_empty() {
                settings.abort = given.abort;
            }
            if !given.retry.is_empty() {
                settings.retry = given.retry;
            }
            if !given.packages.is_empty() {
                settings.packages = given.packages;
            }
            (job.document, job.document_source)
        }
        None => {
            let document = job_documents::read(control, &members).await?;
            (document.text, document.source)
        }
    };
    let kept = settings.schedule.take().map(|it| it.windows).unwrap_or_default();
    let windows = if windows.is_empty() { kept } else { windows };
    settings.schedule = (!windows.is_empty()).then(|| Schedule { windows, ..Schedule::default() });
    let created = control.now();
    let new =
        JobTemplate { id: id.clone(), description, document, document_source, settings, created };
    control.store.create_job_template(new, tags::tags(&members)?).await?;
    Ok(Answer::json(json!({
        "jobTemplateArn": control.scope.arn("jobtemplate", &id),
        "jobTemplateId": id.as_str(),
    })))
}

/// `DescribeJobTemplate`
async fn describe_job_template(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = id(call)?;
    let found = control.store.job_template(&id).await?;
    let found = found.ok_or_else(|| not_found("job template", &id))?;
    let windows = job_shapes::windows(&found.settings);
    let mut shape = json!({
        "jobTemplateArn": control.scope.arn("jobtemplate", &id),
        "jobTemplateId": id.as_str(),
        "description": found.description,
        "documentSource": found.document_source,
        "document": found.document,
        "createdAt": found.created.epoch_seconds(),
        "maintenanceWindows": (!windows.is_empty()).then_some(windows),
    });
    if let (Some(shape), Value::Object(mut settings)) =
        (shape.as_object_mut(), job_shapes::settings(&found.settings))
    {
        settings.remove("schedulingConfig");
        shape.extend(settings);
    }
    Ok(Answer::json(shape))
}

/// `ListJobTemplates`, by id.
async fn list_job_templates(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let found = control.store.list_job_templates(page.after.as_deref(), page.size).await?;
    let items = found.items.iter().map(|it| {
        json!({
            "jobTemplateArn": control.scope.arn("jobtemplate", &it.id),
            "jobTemplateId": it.id.as_str(),
            "description": it.description,
            "createdAt": it.created.epoch_seconds(),
        })
    });
    Ok(Answer::list("jobTemplates", items, &NEXT_TOKEN, found.next.as_deref()))
}

/// `DeleteJobTemplate`: jobs that were made of it stay.
async fn delete_job_template(control: &Control, call: &Authorized<Call>) -> Outcome {
    control.store.delete_job_template(id(call)?).await?;
    Ok(Answer::empty())
}

/// `ListManagedJobTemplates`: there are none.
async fn list_managed_job_templates(_: &Control, call: &Authorized<Call>) -> Outcome {
    if NEXT_TOKEN.read(call)?.after.is_some() {
        return Err(NEXT_TOKEN.foreign_token().into());
    }
    if let Some(name) = call.query_text("templateName")? {
        return Err(not_found("managed job template", fleetwright_core::text::shown(name)).into());
    }
    Ok(Answer::json(json!({ "managedJobTemplates": [] })))
}

/// `DescribeManagedJobTemplate`: there are none.
async fn describe_managed_job_template(_: &Control, call: &Authorized<Call>) -> Outcome {
    let name = fleetwright_core::text::shown(call.label_text("templateName")?);
    Err(not_found("managed job template", name).into())
}

fn id(call: &Call) -> Result<JobTemplateId, Refusal> {
    call.label("jobTemplateId", JobTemplateId::parse)
}

async fn job(
    control: &Control,
    members: &Members<'_>,
    arn: &str,
) -> Result<fleetwright_store::Job, Refusal> {
    if members.text("document")?.is_some() || members.text("documentSource")?.is_some() {
        return Err(invalid(
            "Give exactly one of the members 'jobArn', 'document' and 'documentSource'.",
        ));
    }
    let id = arn.strip_prefix(control.scope.arn("job", "").as_str());
    let id = id.and_then(|id| JobId::parse(id).ok()).ok_or_else(|| {
        invalid(format!("'{}' is no ARN of a job of this account and region.", shown_arn(arn)))
    })?;
    control.store.job(&id).await?.ok_or_else(|| not_found("job", &id))
}
