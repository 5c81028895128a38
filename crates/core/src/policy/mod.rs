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
mod kept;
mod key;
mod lint;
mod malformed;
mod near;
mod network;
mod operator;
mod pattern;
mod reach;
mod statement;
#[cfg(test)]
mod tests;
mod time;
mod trust;
mod trusted_user;
mod values;

use std::sync::Arc;

pub use assess::{Assessment, assess};
pub use context::{BoundThing, Context, Principal, Request};
pub use decide::{Decision, StatementRef, Verdict, decide};
pub use document::Document;
pub use explain::{Explanation, explain};
pub use hint::Hint;
pub use lint::{Lint, LintKind, is_device_action};
pub use malformed::MalformedPolicy;
pub use network::Network;
pub use reach::{Reach, reach, trusted_for_a_time};
pub use statement::Effect;
pub use trust::{TrustRefusal, trust_refusal};

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
