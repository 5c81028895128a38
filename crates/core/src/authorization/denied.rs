//! Why not: for the caller in AWS's words, for the log with policy and statement.

use std::fmt;

use super::need::Need;
use crate::matched_text;
use crate::policy::{Explanation, Verdict};

/// Which of a caller's policies refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// Those of the user or role.
    Identity,
    /// Those that `AssumeRole` was given for the session.
    Session,
}

impl Layer {
    fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity-based",
            Self::Session => "session",
        }
    }
}

/// A need that is not allowed. `Display` is for the log: what decided, and hints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denied {
    /// What was needed.
    pub need: Need,
    /// Whose policies refused.
    pub layer: Layer,
    /// `ExplicitDeny` or `ImplicitDeny`.
    pub verdict: Verdict,
    /// The first statement that denied, as `policy … version …, Statement[…]`; `None` when no
    /// statement allowed.
    pub decided_by: Option<String>,
    reason: String,
}

impl Denied {
    pub(super) fn explained(need: &Need, layer: Layer, explanation: &Explanation<'_>) -> Self {
        Self {
            need: need.clone(),
            layer,
            verdict: explanation.verdict,
            decided_by: explanation.decided_by.first().map(ToString::to_string),
            reason: explanation.to_string(),
        }
    }

    /// A request that names no need, or more than are decided at once.
    pub(super) fn unasked(first: Option<&Need>) -> Self {
        Self {
            need: first.cloned().unwrap_or_else(|| Need::new("none", "*")),
            layer: Layer::Identity,
            verdict: Verdict::ImplicitDeny,
            decided_by: None,
            reason: "the request names no resource, or too many at once".to_owned(),
        }
    }

    /// What the caller reads, in AWS's form; `caller` is its ARN.
    pub fn message(&self, caller: &str) -> String {
        let Need { action, resource, shown, .. } = &self.need;
        let resource = shown.as_ref().unwrap_or(resource);
        let layer = self.layer.name();
        let because = match self.verdict {
            Verdict::ExplicitDeny => {
                let article = if self.layer == Layer::Identity { "an" } else { "a" };
                format!("with an explicit deny in {article} {layer} policy")
            }
            Verdict::ImplicitDeny | Verdict::Allowed => {
                format!("because no {layer} policy allows the {action} action")
            }
        };
        format!("{} {because}", matched_text::not_authorized(caller, action, resource))
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}
