//! `StopThingRegistrationTask`: lines under way come to their end, no further one begins.

use fleetwright_store::TaskStatus;

use super::members;
use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "StopThingRegistrationTask";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let task = members::task(control, call).await?;
    let (from, to) = (TaskStatus::InProgress, TaskStatus::Cancelling);
    let now = (control.clock)();
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
