//! Events of jobs and of their executions (AWS: guide, "Jobs events").

use fleetwright_core::event::Event;
use fleetwright_core::job::seconds;
use fleetwright_store::{EventSubject, RegistryEvent};
use serde_json::{Value, json};

use super::registry::Stamp;

/// Topic and payload of an event of jobs; `None` of another. Its time is in seconds; those of the job
/// are in milliseconds, as in AWS's samples.
pub(super) fn event(event: &RegistryEvent, stamp: &Stamp<'_>) -> Option<Event> {
    let status = event.operation.as_str();
    let operation = status.to_ascii_lowercase();
    let (place, mut payload) = match &event.subject {
        EventSubject::Job {
            job,
            is_continuous,
            targets,
            description,
            comment,
            created,
            modified,
            completed,
            counts,
        } => {
            let details = counts.as_ref().map(|counts| {
                json!({
                    "numberOfCanceledThings": counts.canceled,
                    "numberOfSucceededThings": counts.succeeded,
                    "numberOfFailedThings": counts.failed,
                    "numberOfRejectedThings": counts.rejected,
                    "numberOfRemovedThings": counts.removed,
                })
            });
            let members = json!({
                "eventType": "JOB",
                "jobId": job,
                "targetSelection": if *is_continuous { "CONTINUOUS" } else { "SNAPSHOT" },
                "targets": targets,
                "description": description,
                "comment": comment,
                "createdAt": created,
                "lastUpdatedAt": modified,
                "completedAt": completed,
                "jobProcessDetails": details,
            });
            (format!("job/{job}"), members)
        }
        EventSubject::JobExecution { job, thing, details } => {
            let members = json!({
                "eventType": "JOB_EXECUTION",
                "jobId": job,
                "thingArn": stamp.scope.arn("thing", thing),
                "statusDetails": details,
            });
            (format!("jobExecution/{job}"), members)
        }
        _ => return None,
    };
    if let Some(members) = payload.as_object_mut() {
        members.insert("eventId".into(), stamp.id.to_string().into());
        members.insert("timestamp".into(), seconds(stamp.at).into());
        members.insert("operation".into(), operation.clone().into());
        members.insert("status".into(), status.into());
        members.retain(|_, value| *value != Value::Null);
    }
    Some(Event::new(format!("$aws/events/{place}/{operation}"), &payload))
}
