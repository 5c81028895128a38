//! Reserved concurrency in an answer.

use serde_json::{Value, json};

/// What a function reserves; nothing, when it reserves nothing.
pub(super) fn shape(reserved: Option<u32>) -> Value {
    match reserved {
        Some(number) => json!({ "ReservedConcurrentExecutions": number }),
        None => json!({}),
    }
}
