//! Policy documents: what a parsed one is, and why a text is none.

use std::fmt;

use super::grammar::{self, Dialect};
use super::key::{Key, strip_folded};
use super::statement::Statement;
use crate::error::{ErrorCode, Refusal};

/// Characters of a value that a message shows. (ours)
const SHOWN_CHARS: usize = 64;
/// Characters of a path that a message shows; keys of the document stand in it. (ours)
const PATH_CHARS: usize = 256;

/// The two versions of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// `2008-10-17`, also when `Version` is absent: `${…}` is plain text.
    Without,
    /// `2012-10-17`: `${…}` is a variable.
    Variables,
}

/// A policy document, parsed and compiled; immutable, cheap to share in an `Arc`. It has at
/// least one statement.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    pub(super) language: Language,
    pub(super) statements: Box<[Statement]>,
}

/// A text is not a policy document. Its `Display` is fit for the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MalformedPolicy {
    /// Where, such as `Statement[0].Effect`; empty for the document itself.
    pub path: String,
    /// The rule that is broken and the way out.
    pub reason: String,
}

impl Document {
    /// Reads a device policy: at most 2048 characters without white space, no `Principal`.
    ///
    /// # Errors
    /// [`MalformedPolicy`] for anything that is not JSON of the policy grammar: unknown or
    /// duplicate members, wrong types, unknown operators, values that no request could meet.
    pub fn parse(text: &str) -> Result<Self, MalformedPolicy> {
        grammar::read(text, Dialect::Device)
    }

    /// Reads an IAM identity policy: the grammar of a device policy, within IAM's 10 240
    /// characters. Errors as [`Document::parse`].
    pub fn parse_identity(text: &str) -> Result<Self, MalformedPolicy> {
        grammar::read(text, Dialect::Identity)
    }

    /// Reads a role's trust policy: every statement has a `Principal` and no `Resource`.
    /// Errors as [`Document::parse`].
    pub fn parse_trust(text: &str) -> Result<Self, MalformedPolicy> {
        grammar::read(text, Dialect::Trust)
    }

    /// Reads a resource-based policy: every statement has a `Principal` and a `Resource`.
    /// Errors as [`Document::parse`].
    pub fn parse_resource(text: &str) -> Result<Self, MalformedPolicy> {
        grammar::read(text, Dialect::Resource)
    }

    /// How many statements there are; at least one.
    pub fn statements(&self) -> usize {
        self.statements.len()
    }

    /// Whether a condition asks for, or a resource substitutes, a key that starts so; for keys
    /// whose values are looked up only when wanted. Compared without case.
    pub fn asks_for(&self, start: &str) -> bool {
        let wanted = |key: &Key| strip_folded(&key.to_string(), start).is_some();
        self.statements.iter().any(|statement| {
            let resources = statement.resources.iter().flat_map(|list| &list.patterns);
            statement.conditions.iter().any(|condition| wanted(&condition.key))
                || resources.flat_map(|pattern| pattern.variables()).any(wanted)
        })
    }

    /// Whether a `topicfilter/` resource holds `${iot:ClientId}`. A client whose id has
    /// wildcards or slashes may then subscribe more widely than meant (AWS: guide, "Basic AWS
    /// IoT Core policy variables"); a strict server refuses such ids at CONNECT.
    pub fn filters_by_client_id(&self) -> bool {
        self.statements.iter().filter_map(|statement| statement.resources.as_ref()).any(|list| {
            list.patterns.iter().any(|pattern| {
                pattern.source().contains(":topicfilter/")
                    && pattern.variables().contains(&Key::ClientId)
            })
        })
    }
}

impl MalformedPolicy {
    pub(super) fn new(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { path: cut(&path.into(), PATH_CHARS), reason: reason.into() }
    }
}

/// A text of the document as a message shows it.
pub(super) fn shown(text: &str) -> String {
    cut(text, SHOWN_CHARS)
}

fn cut(text: &str, chars: usize) -> String {
    match text.char_indices().nth(chars) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
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
