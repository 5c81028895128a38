//! Registration in bulk.

use std::collections::BTreeMap;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::template::{Template, TemplateUse};
use fleetwright_core::text::shown;
use fleetwright_host::random;
use fleetwright_provisioning::bulk::{Bulk, Report};
use fleetwright_store::{NewRegistrationTask, RegistrationTask, TaskRow, TaskStatus, Uuid};
use http::header::HOST;
use serde_json::{Value, json};

use crate::iot::named::is_role_arn;
use crate::iot::template_lints::Entrance;
use crate::lint::with_lints;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, not_found};
use crate::{Control, reports};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("StartThingRegistrationTask", start_thing_registration_task),
    operation!("DescribeThingRegistrationTask", describe_thing_registration_task),
    operation!("StopThingRegistrationTask", stop_thing_registration_task),
    operation!("ListThingRegistrationTasks", list_thing_registration_tasks),
    operation!("ListThingRegistrationTaskReports", list_thing_registration_task_reports),
];

/// `StartThingRegistrationTask`: a template, and a file with a line of parameters for each thing.
async fn start_thing_registration_task(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let given = body.members();
    let (text, template) = template(&given)?;
    let new = NewRegistrationTask {
        id: random::uuid()?,
        template_body: text.to_owned(),
        bucket: bucket(&given)?,
        key: key(&given)?,
        role_arn: role(&given)?,
    };
    let (id, role) = (new.id, new.role_arn.clone());
    control.store.start_registration_task(new, control.now()).await?;
    control.bulk.wake();
    let source = control.scope.arn("thingregistrationtask", id);
    let entrance = Entrance { source: &source, role: Some(("roleArn", &role)) };
    let lints = entrance.lints(control, &template).await?;
    Ok(with_lints(Answer::json(json!({"taskId": id.to_string()})), lints))
}

/// `DescribeThingRegistrationTask`: how far a task is.
async fn describe_thing_registration_task(control: &Control, call: &Authorized<Call>) -> Outcome {
    let task = task(control, call).await?;
    Ok(Answer::json(json!({
        "taskId": task.asked.id.to_string(),
        "creationDate": task.created.epoch_seconds(),
        "lastModifiedDate": task.modified.epoch_seconds(),
        "templateBody": task.asked.template_body,
        "inputFileBucket": task.asked.bucket,
        "inputFileKey": task.asked.key,
        "roleArn": task.asked.role_arn,
        "status": task.status.as_str(),
        "message": task.message,
        "successCount": task.succeeded,
        "failureCount": task.failed,
        "percentageProgress": progress(&task),
    })))
}

/// 100 at the end only.
fn progress(task: &RegistrationTask) -> u64 {
    let done = task.succeeded.saturating_add(task.failed).saturating_mul(100);
    match (task.status, task.total) {
        (TaskStatus::Completed, _) => 100,
        (_, Some(total)) if total > 0 => (done / total).min(99),
        _ => 0,
    }
}

/// `StopThingRegistrationTask`: lines under way come to their end, no further one begins.
async fn stop_thing_registration_task(control: &Control, call: &Authorized<Call>) -> Outcome {
    let task = task(control, call).await?;
    let (from, to) = (TaskStatus::InProgress, TaskStatus::Cancelling);
    let now = control.now();
    let moved = control.store.move_registration_task(task.row, from, to, None, now).await?;
    control.bulk.wake();
    let ended = [TaskStatus::Completed, TaskStatus::Failed].contains(&task.status);
    if !moved && ended {
        return Err(invalid(format!(
            "Registration task {} is {}; only one that is InProgress can be stopped.",
            task.asked.id,
            task.status.as_str()
        ))
        .into());
    }
    Ok(Answer::empty())
}

/// `ListThingRegistrationTasks`: newest first.
async fn list_thing_registration_tasks(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let before = page.row(&NEXT_TOKEN)?.map(TaskRow);
    let status = match call.query_text("status")? {
        None => None,
        Some(word) => {
            let found = TaskStatus::ALL.into_iter().find(|status| status.as_str() == word);
            let words = TaskStatus::ALL.map(TaskStatus::as_str).join(", ");
            let rule = || invalid(format!("The query parameter 'status' must be one of {words}."));
            Some(found.ok_or_else(rule)?)
        }
    };
    let found = control.store.list_registration_tasks(status, before, page.size).await?;
    let ids = found.items.iter().map(|(_, id)| Value::String(id.to_string()));
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("taskIds", ids, &NEXT_TOKEN, next.as_deref()))
}

/// `ListThingRegistrationTaskReports`: links to the results of a task's lines.
async fn list_thing_registration_task_reports(
    control: &Control,
    call: &Authorized<Call>,
) -> Outcome {
    let (report, word) = match call.query_text("reportType")? {
        Some("ERRORS") => (Report::Errors, "ERRORS"),
        Some("RESULTS") => (Report::Results, "RESULTS"),
        _ => {
            let rule = "The query parameter 'reportType' must be ERRORS or RESULTS.";
            return Err(invalid(rule).into());
        }
    };
    let page = NEXT_TOKEN.read(call)?;
    // The model of this operation has no ResourceNotFoundException.
    let task = task(control, call).await.map_err(|mut refusal| {
        if refusal.code == ErrorCode::ResourceNotFound {
            refusal.code = ErrorCode::InvalidRequest;
        }
        refusal
    })?;
    let host = call.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = host.ok_or_else(|| invalid("The request has no Host header."))?;
    let first = page.row(&NEXT_TOKEN)?.and_then(|part| usize::try_from(part).ok()).unwrap_or(0);
    let parts = Bulk::parts(&task, report);
    let end = parts.min(first.saturating_add(page.size));
    let mut links = Vec::new();
    for part in first..end {
        let token = control.bulk.link(task.asked.id, report, part)?;
        links.push(Value::String(reports::url(control.own_scheme, host, &token)));
    }
    let next = (end < parts).then(|| end.to_string());
    let (token, next) = NEXT_TOKEN.next(next.as_deref());
    Ok(Answer::json(json!({"resourceLinks": links, "reportType": word, token: next})))
}

/// Characters of a parameter's name. AWS: shape `Parameter`.
const KEY_CHARS: usize = 2048;
/// Characters of a parameter's value. AWS: shape `Value`.
const VALUE_CHARS: usize = 4096;

/// `templateBody`: its text, and the template.
pub(super) fn template<'a>(members: &Members<'a>) -> Result<(&'a str, Template), Refusal> {
    let text = members.required_text("templateBody")?;
    Ok((text, Template::parse(text, TemplateUse::Bulk)?))
}

/// `parameters`.
pub(super) fn parameters(members: &Members<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let given = members.text_map("parameters")?.unwrap_or_default();
    for (key, value) in &given {
        if key.chars().count() > KEY_CHARS || value.chars().count() > VALUE_CHARS {
            let shown = shown(key);
            return Err(invalid(format!(
                "The parameter '{shown}' is too long: names have at most {KEY_CHARS} characters, \
                 values {VALUE_CHARS}."
            )));
        }
    }
    Ok(given.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}

/// `inputFileBucket`. AWS: shape `RegistryS3BucketName`.
fn bucket(members: &Members<'_>) -> Result<String, Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name(members, "inputFileBucket", 3..=256, "[a-zA-Z0-9._-]", allowed)
}

/// `inputFileKey`. AWS: shape `RegistryS3KeyName`.
pub(super) fn key(members: &Members<'_>) -> Result<String, Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!_.*'()-/".contains(c);
    name(members, "inputFileKey", 1..=1024, "[a-zA-Z0-9!_.*'()-/]", allowed)
}

/// `roleArn`.
pub(super) fn role(members: &Members<'_>) -> Result<String, Refusal> {
    let text = members.required_text("roleArn")?;
    if is_role_arn(text) {
        return Ok(text.to_owned());
    }
    Err(invalid(
        "The member 'roleArn' is not valid: it must be 20 to 2048 characters of the form \
         arn:aws:iam::ACCOUNT:role/NAME.",
    ))
}

fn name(
    members: &Members<'_>,
    member: &str,
    chars: std::ops::RangeInclusive<usize>,
    rule: &str,
    allowed: impl Fn(char) -> bool,
) -> Result<String, Refusal> {
    let text = members.required_text(member)?;
    if chars.contains(&text.chars().count()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(invalid(format!(
        "The member '{member}' is not valid: it must be {} to {} characters of {rule}.",
        chars.start(),
        chars.end()
    )))
}

/// The task of the path.
pub(super) async fn task(control: &Control, call: &Call) -> Result<RegistrationTask, Refusal> {
    let text = call.label_text("taskId")?;
    if text.chars().count() > 40 {
        return Err(invalid("The task id is not valid: it has at most 40 characters."));
    }
    let found = match uuid(text) {
        Some(id) => control.store.registration_task(id).await?,
        None => None,
    };
    found.ok_or_else(|| not_found("registration task", text))
}

/// A task's id as we write it.
fn uuid(text: &str) -> Option<Uuid> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let id = Uuid(u128::from_str_radix(&digits, 16).ok()?.to_be_bytes());
    (id.to_string() == text).then_some(id)
}
