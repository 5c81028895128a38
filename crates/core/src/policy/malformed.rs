//! Why a text is not a policy document.

use std::fmt;

use crate::error::{ErrorCode, Refusal};
use crate::text::{SHOWN_NAME, cut};

/// Characters of a path that a message shows; keys of the document stand in it. (ours)
const PATH_CHARS: usize = 256;

/// A text is not a policy document. Its `Display` is fit for the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedPolicy {
    /// Where, such as `Statement[0].Effect`; empty for the document itself.
    pub path: String,
    /// The rule that is broken and the way out.
    pub reason: String,
}

impl MalformedPolicy {
    pub(super) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: shortened(&path.into(), PATH_CHARS), reason: reason.into() }
    }
}

/// A text of the document as a message shows it.
pub(super) fn shown(text: &str) -> String {
    shortened(text, SHOWN_NAME)
}

fn shortened(text: &str, chars: usize) -> String {
    let short = cut(text, chars);
    let rest = if short.len() < text.len() { "…" } else { "" };
    [short, rest].concat()
}

impl fmt::Display for MalformedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "Policy document is malformed: {}", self.reason),
            path => write!(f, "Policy document is malformed at {path}: {}", self.reason),
        }
    }
}

impl std::error::Error for MalformedPolicy {}

impl From<MalformedPolicy> for Refusal {
    fn from(malformed: MalformedPolicy) -> Self {
        Self::new(ErrorCode::MalformedPolicy, malformed.to_string())
    }
}
