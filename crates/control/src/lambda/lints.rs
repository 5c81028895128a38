//! What AWS does not warn about: its machines have every runtime.

use fleetwright_core::function::{FunctionName, Runtime};
use serde_json::json;

use crate::Control;
use crate::lint::with_lints;
use crate::rest::Answer;

/// The answer about a function, with what this machine lacks for its runtime; logged as well.
pub(super) async fn with_runtime_lint(
    control: &Control,
    answer: Answer,
    name: &FunctionName,
    runtime: Runtime,
) -> Answer {
    let Some(message) = control.functions.lacks(runtime).await else { return answer };
    tracing::warn!(function = name.as_str(), "{message}");
    with_lints(answer, vec![json!({"path": "Runtime", "message": message})])
}
