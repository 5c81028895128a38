//! The member `policyDocument`, and its lints.

use fleetwright_core::error::Refusal;
use fleetwright_core::limits::POLICY_DOCUMENT_RAW_CHARS;
use fleetwright_core::names::PolicyName;
use fleetwright_core::policy::{Document, Lint};
use serde_json::{Value, json};

use crate::control::iot::members::{Members, invalid};

/// Reads a document, kept as it was sent.
///
/// # Errors
/// It is missing, too long, or no policy.
pub(super) fn document(members: &Members<'_>) -> Result<(String, Vec<Lint>), Refusal> {
    let text = members.bounded_text("policyDocument", POLICY_DOCUMENT_RAW_CHARS)?;
    let text = text.ok_or_else(|| invalid("The member 'policyDocument' is required."))?;
    let lints = Document::parse(text)?.lint();
    Ok((text.to_owned(), lints))
}

/// What may surprise later, a line each; also logged.
pub(super) fn lines(name: &PolicyName, lints: Vec<Lint>) -> Vec<Value> {
    let line = |lint: Lint| {
        tracing::warn!(policy = %name, code = lint.kind.code(), "{}", lint.message);
        json!({"code": lint.kind.code(), "statement": lint.statement, "message": lint.message})
    };
    lints.into_iter().map(line).collect()
}
