//! Policies: documents are parsed and compiled once, then decide many requests.
//!
//! [`decide()`] is the fast path (every publish and every delivery asks it); [`explain()`] answers
//! the same question with every statement that decided and with hints for whoever wonders why.
//! An explicit Deny wins over any Allow; nothing is allowed by absence.

mod assess;
mod certificate;
mod condition;
mod context;
mod decide;
mod document;
mod explain;
mod grammar;
mod hint;
mod key;
mod lint;
mod near;
mod network;
mod operator;
mod pattern;
mod statement;
#[cfg(test)]
mod tests;
mod time;
mod trusted_user;

use std::sync::Arc;

pub use assess::{Assessment, assess};
pub use context::{BoundThing, Context, Principal, Request};
pub use decide::{Decision, StatementRef, Verdict, decide};
pub use document::{Document, MalformedPolicy};
pub use explain::{Explanation, explain};
pub use hint::Hint;
pub use lint::{Lint, LintKind};
pub use statement::Effect;

use crate::names::PolicyName;

/// A policy's version in force, as it applies to a principal: directly or by a thing group.
#[derive(Debug, Clone)]
pub struct AttachedPolicy {
    /// The policy's name.
    pub name: PolicyName,
    /// The version in force.
    pub version: u32,
    /// Its document; share it between principals.
    pub document: Arc<Document>,
}
