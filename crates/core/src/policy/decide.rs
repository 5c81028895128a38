//! The decision: explicit Deny, else Allow, else implicit deny.

use std::fmt;

use super::statement::{Action, Effect, Outcome, Statement};
use super::{AttachedPolicy, Context, Request};
use crate::names::PolicyName;

/// The answer to "may it?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// An Allow matches and no Deny does.
    Allowed,
    /// A Deny matches.
    ExplicitDeny,
    /// Nothing matches.
    ImplicitDeny,
}

impl Verdict {
    /// AWS's spelling in `TestAuthorization`: `ALLOWED`, `EXPLICIT_DENY`, `IMPLICIT_DENY`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "ALLOWED",
            Self::ExplicitDeny => "EXPLICIT_DENY",
            Self::ImplicitDeny => "IMPLICIT_DENY",
        }
    }
}

/// A statement of an attached policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatementRef<'p> {
    /// The policy's name.
    pub policy: &'p PolicyName,
    /// The policy's version.
    pub version: u32,
    /// The statement's place in the document, from 0.
    pub statement: usize,
    /// The statement's `Sid`.
    pub sid: Option<&'p str>,
}

/// A verdict and the first statement that led to it; `None` for an implicit deny.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'p> {
    /// The verdict.
    pub verdict: Verdict,
    /// The first Deny that matched, else the first Allow.
    pub decided_by: Option<StatementRef<'p>>,
}

impl Decision<'_> {
    /// Whether the request may proceed.
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }
}

impl<'p> StatementRef<'p> {
    pub(super) fn new(policy: &'p AttachedPolicy, index: usize, statement: &'p Statement) -> Self {
        Self {
            policy: &policy.name,
            version: policy.version,
            statement: index,
            sid: statement.sid.as_deref(),
        }
    }
}

impl fmt::Display for StatementRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "policy {} version {}, Statement[{}]",
            self.policy, self.version, self.statement
        )?;
        self.sid.map_or(Ok(()), |sid| write!(f, " ({sid})"))
    }
}

/// Decides one request over the union of all policies. Pass `policies.iter().map(Arc::as_ref)`
/// when they are shared. Allocates only for the values of certificate, address and time variables
/// and for conditions on keys of several values.
pub fn decide<'p>(
    policies: impl IntoIterator<Item = &'p AttachedPolicy>,
    request: &Request<'_>,
    context: &Context<'_>,
) -> Decision<'p> {
    let action = Action::new(request.action);
    let mut allowed_by = None;
    for policy in policies {
        for (index, statement) in policy.document.statements.iter().enumerate() {
            // A second Allow changes nothing; only a Deny may.
            if statement.effect == Effect::Allow && allowed_by.is_some() {
                continue;
            }
            if statement.meet(&action, request, context) != Outcome::Applies {
                continue;
            }
            let decided_by = Some(StatementRef::new(policy, index, statement));
            match statement.effect {
                Effect::Deny => return Decision { verdict: Verdict::ExplicitDeny, decided_by },
                Effect::Allow => allowed_by = decided_by,
            }
        }
    }
    let verdict = if allowed_by.is_some() { Verdict::Allowed } else { Verdict::ImplicitDeny };
    Decision { verdict, decided_by: allowed_by }
}
