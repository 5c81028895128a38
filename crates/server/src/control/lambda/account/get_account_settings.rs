//! `GetAccountSettings`.

use fleetwright_core::limits::{
    FUNCTION_CODE_BYTES, FUNCTION_CONCURRENCY, FUNCTION_UNZIPPED_BYTES, FUNCTION_ZIP_BYTES,
};
use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "GetAccountSettings";

pub(super) async fn run(control: &Control, _: &Call) -> Outcome {
    let used = control.store.function_usage().await?;
    Ok(Answer::json(json!({
        "AccountLimit": {
            "TotalCodeSize": FUNCTION_CODE_BYTES,
            "CodeSizeUnzipped": FUNCTION_UNZIPPED_BYTES,
            "CodeSizeZipped": FUNCTION_ZIP_BYTES,
            "ConcurrentExecutions": FUNCTION_CONCURRENCY,
            "UnreservedConcurrentExecutions": FUNCTION_CONCURRENCY.saturating_sub(used.reserved),
        },
        "AccountUsage": { "TotalCodeSize": used.bytes, "FunctionCount": used.functions },
    })))
}
