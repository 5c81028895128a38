//! Jobs as responses have them.

use fleetwright_core::job::{Counts, JobSettings, shown_minute};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{Job, JobTarget};
use serde_json::{Map, Value, json};

use crate::Control;
use crate::rest::put;

/// `targetSelection`
pub(super) fn selection(is_continuous: bool) -> &'static str {
    if is_continuous { "CONTINUOUS" } else { "SNAPSHOT" }
}

/// The response of operations that name the job.
pub(super) fn named(control: &Control, id: &str, description: Option<&str>) -> Value {
    json!({ "jobArn": control.scope.arn("job", id), "jobId": id, "description": description })
}

/// Whether it is being rolled out, cancelled or deleted.
fn is_concurrent(job: &Job) -> bool {
    job.is_rolling && !job.status.is_over()
}

/// `JobSummary`
pub(super) fn summary(control: &Control, job: &Job) -> Value {
    let mut shape = json!({
        "jobArn": control.scope.arn("job", &job.id),
        "jobId": job.id.as_str(),
        "targetSelection": selection(job.is_continuous),
        "status": job.status.as_str(),
        "createdAt": job.created.epoch_seconds(),
        "lastUpdatedAt": job.modified.epoch_seconds(),
        "isConcurrent": is_concurrent(job),
    });
    put(&mut shape, "completedAt", job.completed.map(Timestamp::epoch_seconds));
    shape
}

/// `Job`
pub(super) fn job(
    control: &Control,
    job: &Job,
    targets: &[JobTarget],
    processing: &[JobTarget],
) -> Value {
    let arns = |targets: &[JobTarget]| -> Vec<String> {
        targets.iter().map(|target| target.arn(&control.scope)).collect()
    };
    let mut shape = summary(control, job);
    let members = [
        ("targets", json!(arns(targets))),
        ("forceCanceled", json!(job.is_forced)),
        ("reasonCode", json!(job.reason_code)),
        ("comment", json!(job.comment)),
        ("description", json!(job.description)),
        ("namespaceId", json!(job.namespace)),
        ("jobTemplateArn", json!(job.template_arn)),
        ("jobProcessDetails", process(&job.counts, &arns(processing))),
    ];
    for (name, value) in members {
        put(&mut shape, name, Some(value).filter(|value| !value.is_null()));
    }
    if !job.parameters.is_empty() {
        put(&mut shape, "documentParameters", Some(json!(job.parameters)));
    }
    if let (Some(shape), Value::Object(settings)) = (shape.as_object_mut(), settings(&job.settings))
    {
        shape.extend(settings);
    }
    shape
}

fn process(counts: &Counts, processing: &[String]) -> Value {
    json!({
        "processingTargets": processing,
        "numberOfCanceledThings": counts.canceled,
        "numberOfSucceededThings": counts.succeeded,
        "numberOfFailedThings": counts.failed,
        "numberOfRejectedThings": counts.rejected,
        "numberOfQueuedThings": counts.queued,
        "numberOfInProgressThings": counts.in_progress,
        "numberOfRemovedThings": counts.removed,
        "numberOfTimedOutThings": counts.timed_out,
    })
}

/// An object without the members that are `null`.
fn present(mut shape: Value) -> Value {
    if let Some(members) = shape.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    shape
}

/// The configurations that are set.
pub(super) fn settings(settings: &JobSettings) -> Value {
    let mut shape = Map::new();
    if let Some(presigned) = &settings.presigned {
        let value = json!({"roleArn": presigned.role_arn, "expiresInSec": presigned.expires});
        shape.insert("presignedUrlConfig".into(), present(value));
    }
    if let Some(rollout) = &settings.rollout {
        let exponential = rollout.exponential.as_ref().map(|it| {
            json!({
                "baseRatePerMinute": it.base,
                "incrementFactor": f64::from(it.factor) / 10.0,
                "rateIncreaseCriteria": present(json!({
                    "numberOfNotifiedThings": it.notified,
                    "numberOfSucceededThings": it.succeeded,
                })),
            })
        });
        let value = json!({"maximumPerMinute": rollout.maximum, "exponentialRate": exponential});
        shape.insert("jobExecutionsRolloutConfig".into(), present(value));
    }
    if !settings.abort.is_empty() {
        let criteria = settings.abort.iter().map(|it| {
            json!({
                "failureType": it.failure,
                "action": "CANCEL",
                "thresholdPercentage": f64::from(it.threshold) / 100.0,
                "minNumberOfExecutedThings": it.minimum,
            })
        });
        let value = json!({"criteriaList": criteria.collect::<Vec<_>>()});
        shape.insert("abortConfig".into(), value);
    }
    if let Some(minutes) = settings.timeout_minutes {
        shape.insert("timeoutConfig".into(), json!({"inProgressTimeoutInMinutes": minutes}));
    }
    if !settings.retry.is_empty() {
        let criteria = settings
            .retry
            .iter()
            .map(|it| json!({"failureType": it.failure, "numberOfRetries": it.retries}));
        let value = json!({"criteriaList": criteria.collect::<Vec<_>>()});
        shape.insert("jobExecutionsRetryConfig".into(), value);
    }
    if let Some(schedule) = &settings.schedule {
        let time = |at: Option<i64>| at.map(|at| shown_minute(Timestamp(at)));
        let windows = windows(settings);
        let value = json!({
            "startTime": time(schedule.start),
            "endTime": time(schedule.end),
            "endBehavior": schedule.behavior,
            "maintenanceWindows": (!windows.is_empty()).then_some(windows),
        });
        shape.insert("schedulingConfig".into(), present(value));
    }
    if !settings.packages.is_empty() {
        shape.insert("destinationPackageVersions".into(), json!(settings.packages));
    }
    Value::Object(shape)
}

/// `maintenanceWindows`
pub(super) fn windows(settings: &JobSettings) -> Vec<Value> {
    let windows = settings.schedule.iter().flat_map(|schedule| &schedule.windows);
    windows.map(|it| json!({"startTime": it.cron, "durationInMinutes": it.minutes})).collect()
}
