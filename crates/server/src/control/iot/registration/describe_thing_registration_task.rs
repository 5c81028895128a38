//! `DescribeThingRegistrationTask`: how far a task is.

use fleetwright_store::{RegistrationTask, TaskStatus};
use serde_json::json;

use super::members;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DescribeThingRegistrationTask";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let task = members::task(control, call).await?;
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
