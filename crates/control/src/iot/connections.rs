//! Operations of our own on connections: who is connected, and what happens on one connection, live.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::connection::TraceLine;
use fleetwright_core::error::ErrorCode;
use serde_json::{Value, json};

use crate::Control;
use crate::error::ApiError;
use crate::iot_data::connections::{client_id, encoded, shown};
use crate::operation::operation;
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("ListConnections", list_connections),
    operation!("TraceConnection", trace_connection),
];

/// `ListConnections`: by client id, by pages.
async fn list_connections(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.after.unwrap_or_default();
    let (found, next) = control.connections.list(&after, page.size).await;
    let (token, next) = NEXT_TOKEN.next(next.as_deref());
    let found: Vec<Value> = found.iter().map(shown).collect();
    Ok(Answer::json(json!({"connections": found, token: next})))
}

/// `TraceConnection`: packets and decisions of a client from a position on; without a position the
/// trace begins. Waits a while for lines.
async fn trace_connection(control: &Control, call: &Authorized<Call>) -> Outcome {
    let client_id = client_id(call)?;
    let position = call.query_integer("position", 0..=u64::MAX)?;
    let payloads = call.query_flag("payloads")?;
    let page = control.connections.trace(client_id, position, payloads).await;
    let page = page.ok_or_else(|| {
        let message = "As many clients are traced already as the server traces at once; a trace \
                       ends a minute after it was last read.";
        ApiError::new(ErrorCode::LimitExceeded, message)
    })?;
    let lines: Vec<Value> = page.lines.into_iter().map(line).collect();
    Ok(Answer::json(json!({"lines": lines, "position": page.position, "lost": page.lost})))
}

fn line(line: TraceLine) -> Value {
    let mut shown = json!({
        "at": line.at.0 as f64 / 1000.0,
        "direction": line.direction,
        "what": line.what,
    });
    if let (Some(payload), Value::Object(members)) = (line.payload, &mut shown) {
        members.insert("payload".into(), encoded(&payload).into());
    }
    shown
}
