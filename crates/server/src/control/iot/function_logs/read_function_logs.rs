//! `ReadFunctionLogs`: lines from a position or a time on, by pages. `position` is where to go on,
//! for the next page as for lines to come.

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::Refusal;
use fleetwright_core::function::FunctionName;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};
use crate::functions::Wanted;

pub(super) const NAME: &str = "ReadFunctionLogs";

/// The latest second that milliseconds can tell.
const SECONDS: u64 = i64::MAX.unsigned_abs() / 1000;

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("functionName", FunctionName::parse)?;
    let since = call.query_integer("since", 0..=SECONDS)?;
    let wanted = Wanted {
        position: call.query_integer("position", 0..=i64::MAX.unsigned_abs())?.unwrap_or(0),
        since: since.map(|seconds| Instant(seconds.cast_signed() * 1000)),
        request_id: call.query_text("requestId")?.map(str::to_owned),
    };
    let found = match control.functions.read_log(name.clone(), wanted).await? {
        Some(found) => found,
        None if control.store.function(&name, None).await?.is_some() => Default::default(),
        None => return Err(not_found("function", &name).into()),
    };
    let lines = serde_json::to_value(found.lines).map_err(Refusal::internal)?;
    Ok(Answer::json(json!({"lines": lines, "position": found.position, "more": found.more})))
}
