//! `ListThingRegistrationTasks`: newest first.

use fleetwright_store::{TaskRow, TaskStatus};
use serde_json::Value;

use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::page::NEXT_TOKEN;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListThingRegistrationTasks";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
