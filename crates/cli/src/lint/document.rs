//! One file: its text, its kind, its findings.

use fleetwright_core::arn::AccountScope;
use fleetwright_core::policy::{self, Document, MalformedPolicy};
use fleetwright_core::template::{self, Template, TemplateUse};
use fleetwright_core::text::utf8;
use serde::Serialize;
use serde_json::Value;

use super::kind::Kind;

/// Bytes of a file: more than any template or policy may have. (ours)
pub(super) const BYTES: u64 = 1 << 20;

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// The server takes it.
    Warning,
    /// The server refuses it.
    Error,
}

/// One thing to say of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) severity: Severity,
    /// Where in the document.
    pub(super) path: Option<String>,
    /// A policy's lints have a stable code.
    pub(super) code: Option<&'static str>,
    pub(super) message: String,
}

impl Finding {
    pub(super) fn error(message: impl Into<String>) -> Self {
        let message = message.into();
        Self { severity: Severity::Error, path: None, code: None, message }
    }
}

impl From<template::Lint> for Finding {
    fn from(lint: template::Lint) -> Self {
        let path = Some(lint.path).filter(|path| !path.is_empty());
        Self { severity: Severity::Warning, path, code: None, message: lint.message }
    }
}

impl From<policy::Lint> for Finding {
    fn from(lint: policy::Lint) -> Self {
        Self {
            severity: Severity::Warning,
            path: lint.statement.map(|index| format!("Statement[{index}]")),
            code: Some(lint.kind.code()),
            message: lint.message,
        }
    }
}

/// Reads a file's bytes as what they are, or as `kind`.
pub(super) fn look(
    bytes: &[u8],
    kind: Option<Kind>,
    scope: Option<&AccountScope>,
) -> (Option<Kind>, Vec<Finding>) {
    let refused = |message: String| (kind, vec![Finding::error(message)]);
    if bytes.len() as u64 > BYTES {
        return refused(format!("is larger than {BYTES} bytes; no template or policy is"));
    }
    let text = match utf8(bytes) {
        Ok(text) => text,
        Err(error) => return refused(error.to_string()),
    };
    let value: Value = match serde_json::from_str(text) {
        Ok(value) => value,
        Err(error) => return refused(format!("is not JSON: {error}")),
    };
    let (inner, wrapped) = unwrapped(&value);
    let text = inner.as_deref().unwrap_or(text);
    let parsed = inner.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let kind = kind.or(wrapped).or_else(|| Kind::of(parsed.as_ref().unwrap_or(&value)));
    let Some(kind) = kind else {
        return refused(
            "is neither a template (it has no Resources) nor a policy (no Statement); if it is \
             meant to be one, say which with --kind"
                .to_owned(),
        );
    };
    (Some(kind), findings(text, kind, scope))
}

/// The document inside the members of a request, and its kind when they tell.
fn unwrapped(value: &Value) -> (Option<String>, Option<Kind>) {
    let text = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    if let Some(body) = text("templateBody") {
        let jitp = text("type").as_deref() == Some("JITP")
            || (value.get("roleArn").is_some() && value.get("inputFileBucket").is_none());
        let bulk = value.get("inputFileBucket").is_some() || value.get("parameters").is_some();
        let kind = match (jitp, bulk) {
            (true, _) => Some(Kind::JitpTemplate),
            (_, true) => Some(Kind::BulkTemplate),
            _ => None,
        };
        return (Some(body), kind);
    }
    (text("policyDocument").or_else(|| text("PolicyDocument")), None)
}

fn findings(text: &str, kind: Kind, scope: Option<&AccountScope>) -> Vec<Finding> {
    let template = |use_| match Template::parse(text, use_) {
        // What a template names is taken to exist: only a server knows.
        Ok(template) => {
            let lints = template.lint(&template.references(), scope);
            lints.into_iter().map(Finding::from).collect()
        }
        Err(error) => {
            let path = Some(error.path).filter(|path| !path.is_empty());
            vec![Finding { path, ..Finding::error(error.message) }]
        }
    };
    let policy =
        |read: Result<Document, MalformedPolicy>,
         lint: fn(&Document, Option<&AccountScope>) -> Vec<policy::Lint>| {
            match read {
                Ok(document) => lint(&document, scope).into_iter().map(Finding::from).collect(),
                Err(error) => {
                    let path = Some(error.path).filter(|path| !path.is_empty());
                    vec![Finding { path, ..Finding::error(error.reason) }]
                }
            }
        };
    match kind {
        Kind::FleetTemplate => template(TemplateUse::Fleet),
        Kind::JitpTemplate => template(TemplateUse::Jitp),
        Kind::BulkTemplate => template(TemplateUse::Bulk),
        Kind::DevicePolicy => policy(Document::parse(text), Document::lint),
        Kind::IdentityPolicy => policy(Document::parse_identity(text), Document::lint_identity),
        Kind::TrustPolicy => policy(Document::parse_trust(text), Document::lint_identity),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(bytes: &[u8]) -> Vec<String> {
        look(bytes, None, None).1.into_iter().map(|found| found.message).collect()
    }

    #[test]
    fn encodings_are_named_and_a_byte_order_mark_is_none() {
        let clean = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action":
            "iot:Publish", "Resource": "arn:aws:iot:us-east-1:123456789012:topic/a"}]}"#;
        assert!(said(clean.as_bytes()).is_empty());
        assert!(said(&[b"\xef\xbb\xbf", clean.as_bytes()].concat()).is_empty());
        let utf16: Vec<u8> = clean.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [utf16.clone(), [b"\xff\xfe".to_vec(), utf16].concat()] {
            assert!(said(&bytes).concat().contains("UTF-16"), "{:?}", said(&bytes));
        }
    }

    #[test]
    fn a_document_inside_a_request_is_looked_at() {
        let body = r#"{"templateBody": "{\"Resources\": {}}", "roleArn": "r"}"#;
        let (kind, findings) = look(body.as_bytes(), None, None);
        assert_eq!(kind, Some(Kind::JitpTemplate));
        assert!(findings.iter().any(|found| found.severity == Severity::Error), "{findings:?}");
    }

    #[test]
    fn what_is_nothing_is_an_error() {
        for (text, piece) in [("{}", "neither"), ("{", "not JSON"), ("", "not JSON")] {
            assert!(said(text.as_bytes()).concat().contains(piece), "{text}");
        }
    }
}
