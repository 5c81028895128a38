//! Policy documents, parsed.

use super::grammar::{self, Dialect};
use super::key::Key;
use super::malformed::MalformedPolicy;
use super::statement::Statement;
use super::values::strip_folded;

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
    pub(crate) fn parse_resource(text: &str) -> Result<Self, MalformedPolicy> {
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
}
