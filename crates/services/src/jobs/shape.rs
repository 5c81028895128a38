//! Executions as devices see them. Times are seconds; what is not there is left out.

use fleetwright_core::error::Refusal;
use fleetwright_core::job::{placeholders, seconds, substituted};
use fleetwright_core::time::Timestamp;
use fleetwright_store::JobExecution;
use serde_json::{Map, Value, json};

use super::documents::Presign;
use super::is_queued;

/// `JobExecutionSummary`
fn summary(execution: &JobExecution) -> Value {
    let mut shape = json!({
        "jobId": execution.job.as_str(),
        "queuedAt": seconds(execution.queued_at),
        "lastUpdatedAt": seconds(execution.modified),
        "versionNumber": execution.version,
        "executionNumber": execution.number,
    });
    started(&mut shape, execution);
    shape
}

fn started(shape: &mut Value, execution: &JobExecution) {
    if let (Some(started), Some(members)) = (execution.started_at, shape.as_object_mut()) {
        members.insert("startedAt".into(), seconds(started).into());
    }
}

fn details(shape: &mut Value, execution: &JobExecution) {
    if let (false, Some(members)) = (execution.details.is_empty(), shape.as_object_mut()) {
        members.insert("statusDetails".into(), json!(execution.details));
    }
}

/// `JobExecution`, without its document.
pub fn execution_shape(execution: &JobExecution) -> Value {
    let mut shape = summary(execution);
    if let Some(members) = shape.as_object_mut() {
        members.insert("thingName".into(), execution.thing.as_str().into());
        members.insert("status".into(), execution.status.as_str().into());
    }
    details(&mut shape, execution);
    shape
}

/// `JobExecutionState`
pub fn state_shape(execution: &JobExecution) -> Value {
    let mut shape = json!({
        "status": execution.status.as_str(),
        "versionNumber": execution.version,
    });
    details(&mut shape, execution);
    shape
}

/// `inProgressJobs` and `queuedJobs`
pub fn pending_shape(pending: &[JobExecution]) -> Value {
    let list = |queued: bool| -> Vec<Value> {
        pending.iter().filter(|it| is_queued(it) == queued).map(summary).collect()
    };
    json!({"inProgressJobs": list(false), "queuedJobs": list(true)})
}

/// `jobs` of `notify`: an empty list is left out.
pub(super) fn notified(pending: &[JobExecution]) -> Value {
    let mut jobs = Map::new();
    for execution in pending {
        let list = jobs.entry(execution.status.as_str()).or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(summary(execution));
        }
    }
    Value::Object(jobs)
}

/// A document with its placeholders filled, for the device that it is handed to.
///
/// # Errors
/// When a URL cannot be signed.
pub(super) fn document_text(
    presign: Option<&Presign>,
    execution: &JobExecution,
    now: Timestamp,
) -> Result<String, Refusal> {
    let document = &execution.document;
    if !document.contains("${aws:iot:") {
        return Ok(document.clone());
    }
    let mut urls = Vec::new();
    for placeholder in placeholders(document) {
        let Some(presign) = presign else { continue };
        if let Some(url) = presign.url(&placeholder, execution, now)? {
            urls.push((placeholder.text.to_owned(), url));
        }
    }
    Ok(substituted(document, |placeholder| {
        urls.iter().find(|(text, _)| text == placeholder.text).map(|(_, url)| url.clone())
    }))
}
