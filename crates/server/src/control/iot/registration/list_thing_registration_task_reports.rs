//! `ListThingRegistrationTaskReports`: links to what became of a task's lines.

use fleetwright_core::error::ErrorCode;
use http::header::HOST;
use serde_json::{Value, json};

use super::members;
use crate::bulk::{Bulk, Report};
use crate::control::iot::members::invalid;
use crate::control::iot::page::NEXT_TOKEN;
use crate::control::iot::{Answer, Call, Outcome};
use crate::control::{Control, reports};

pub(super) const NAME: &str = "ListThingRegistrationTaskReports";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
    let task = members::task(control, call).await.map_err(|mut refusal| {
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
