//! What functions printed.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::function::FunctionName;
use fleetwright_core::time::Timestamp;
use fleetwright_functions::LogQuery;
use serde_json::json;

use crate::Control;
use crate::operation::operation;
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] = &[operation!("ReadFunctionLogs", read_function_logs)];

/// The latest second that milliseconds can tell.
const SECONDS: u64 = i64::MAX.unsigned_abs() / 1000;

/// `ReadFunctionLogs`: lines from a position or a time on, by pages. `position` is where to go on,
/// for the next page as for lines to come.
async fn read_function_logs(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("functionName", FunctionName::parse)?;
    let since = call.query_integer("since", 0..=SECONDS)?;
    let query = LogQuery {
        position: call.query_integer("position", 0..=i64::MAX.unsigned_abs())?.unwrap_or(0),
        since: since.map(|seconds| Timestamp(seconds.cast_signed() * 1000)),
        request_id: call.query_text("requestId")?.map(str::to_owned),
    };
    let found = match control.functions.read_log(name.clone(), query).await? {
        Some(found) => found,
        None if control.store.function(&name, None).await?.is_some() => Default::default(),
        None => return Err(not_found("function", &name).into()),
    };
    let lines = serde_json::to_value(found.lines).map_err(Refusal::internal)?;
    Ok(Answer::json(json!({"lines": lines, "position": found.position, "more": found.more})))
}
