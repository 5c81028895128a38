//! The audit trail, read.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::time::Timestamp;
use fleetwright_store::{AuditFilter, AuditRecord};
use serde_json::{Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[operation!("ReadAudit", read_audit)];

/// The latest second that milliseconds can tell.
const SECONDS: u64 = i64::MAX.unsigned_abs() / 1000;

/// `ReadAudit`: records from the oldest on, by pages. `position` is where to go on for records
/// to come.
async fn read_audit(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let text = |name| call.query_text(name).map(|text| text.map(str::to_owned));
    let since = call.query_integer("since", 0..=SECONDS)?;
    let filter = AuditFilter {
        since: since.map(|seconds| Timestamp(seconds.cast_signed() * 1000)),
        who: text("who")?,
        operation: text("operation")?,
        outcome: text("outcome")?,
    };
    let position = call.query_integer("position", 0..=i64::MAX.unsigned_abs())?;
    let after = match page.row(&NEXT_TOKEN)? {
        Some(row) => row,
        None => position.unwrap_or(0).cast_signed(),
    };
    // A query that follows a request finds its record.
    control.audit.flush().await;
    let newest = control.store.newest_audit().await?;
    let found = control.store.audit(&filter, after, page.size).await?;
    let (token, next) = NEXT_TOKEN.next(found.next.map(|row| row.to_string()).as_deref());
    let records: Vec<Value> = found.items.into_iter().map(line).collect();
    // A record may have come between the two reads: it is then read twice, never missed.
    Ok(Answer::json(json!({"records": records, "position": newest.max(after), token: next})))
}

fn line(record: AuditRecord) -> Value {
    json!({
        "at": record.at.0 as f64 / 1000.0,
        "principal": record.principal,
        "clientId": record.client_id,
        "operation": record.operation,
        "resource": record.resource,
        "parameters": record.parameters,
        "sourceAddress": record.source,
        "outcome": record.outcome,
        "code": record.code,
        "reason": record.reason,
        "requestId": record.request_id,
    })
}
