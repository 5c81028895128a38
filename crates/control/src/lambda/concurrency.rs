//! How many of a function run at once, and in all.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::limits::{
    FUNCTION_CODE_BYTES, FUNCTION_CONCURRENCY, FUNCTION_UNZIPPED_BYTES, FUNCTION_ZIP_BYTES,
};
use serde_json::{Value, json};

use crate::Control;
use crate::lambda::reference;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("PutFunctionConcurrency", put_function_concurrency),
    operation!("GetFunctionConcurrency", get_function_concurrency),
    operation!("DeleteFunctionConcurrency", delete_function_concurrency),
    operation!("GetAccountSettings", get_account_settings),
];

/// `PutFunctionConcurrency`: how many invocations of a function may be under way at once.
async fn put_function_concurrency(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = reference::unqualified(control, call)?;
    let body = call.object()?;
    let number = body.members().integer("ReservedConcurrentExecutions")?;
    let number =
        number.ok_or_else(|| invalid("The member 'ReservedConcurrentExecutions' is required."))?;
    // More than any number of invocations is refused by the registry's rule.
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    control.store.set_function_concurrency(name, Some(number)).await?;
    Ok(Answer::json(shape(Some(number))))
}

/// `GetFunctionConcurrency`.
async fn get_function_concurrency(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = reference::existing(control, call).await?;
    Ok(Answer::json(shape(control.store.function_concurrency(&name).await?)))
}

/// `DeleteFunctionConcurrency`.
async fn delete_function_concurrency(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = reference::unqualified(control, call)?;
    control.store.set_function_concurrency(name, None).await?;
    Ok(Answer::nothing())
}

// Reserved concurrency in an answer.

/// What a function reserves; nothing, when it reserves nothing.
pub(super) fn shape(reserved: Option<u32>) -> Value {
    match reserved {
        Some(number) => json!({ "ReservedConcurrentExecutions": number }),
        None => json!({}),
    }
}

/// `GetAccountSettings`.
async fn get_account_settings(control: &Control, _: &Call) -> Outcome {
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
