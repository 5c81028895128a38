//! Lints of policies and trust policies as they come in.

use fleetwright_core::policy::Lint;
use serde_json::{Value, json};

/// A line each, for the header; also logged. `of` is what the document belongs to.
pub(super) fn lines(of: &str, lints: &[Lint]) -> Vec<Value> {
    let line = |lint: &Lint| {
        tracing::warn!(of, code = lint.kind.code(), "{lint}");
        json!({"code": lint.kind.code(), "statement": lint.statement, "message": lint.message})
    };
    lints.iter().map(line).collect()
}
