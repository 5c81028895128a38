//! Why a role's trust policy does not let a principal in.

use std::fmt;

use super::hint::Hint;
use super::statement::Principals;
use super::{AttachedPolicy, Context, Request, Verdict, decide, explain};

/// Why. `Display` goes on after the role's ARN: `… trusts X but for its condition …`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustRefusal {
    /// A statement would let it in; a condition of it is not met.
    Condition {
        /// Who asks.
        principal: String,
        /// The condition as written.
        condition: String,
        /// The request's values of its key.
        actual: Vec<String>,
    },
    /// A Deny is about it.
    Denied {
        /// Who asks.
        principal: String,
        /// The statement.
        statement: String,
    },
    /// No statement allows the action to it.
    NotNamed {
        /// Who asks.
        principal: String,
        /// What it asks for.
        action: String,
        /// Whom the statements name instead.
        named: Vec<String>,
    },
}

impl fmt::Display for TrustRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Condition { principal, condition, actual } => write!(
                f,
                "trusts {principal} but for its condition {condition}; the request has [{}]",
                actual.join(", ")
            ),
            Self::Denied { principal, statement } => {
                write!(f, "refuses {principal} by the Deny in {statement}")
            }
            Self::NotNamed { principal, action, named } => write!(
                f,
                "does not trust {principal}: its trust policy must allow {action} to it, and is \
                 about [{}]",
                named.join(", ")
            ),
        }
    }
}

/// Why the principals of the context may not do this action on a role; `None` when they may.
pub fn trust_refusal(
    trust: Option<&AttachedPolicy>,
    request: &Request<'_>,
    context: &Context<'_>,
) -> Option<TrustRefusal> {
    // Asked for every device; only a refusal is explained.
    if decide(trust, request, context).is_allowed() {
        return None;
    }
    let explanation = explain(trust, request, context);
    let mut principals: Vec<&str> = context.principals.iter().map(|one| one.id).collect();
    principals.dedup();
    let principal = principals.join(", ");
    let condition = explanation.hints.into_iter().find_map(|hint| match hint {
        Hint::Condition { condition, actual, .. } => Some((condition, actual)),
        _ => None,
    });
    let refusal = match (explanation.verdict, explanation.decided_by.first(), condition) {
        (Verdict::ExplicitDeny, Some(by), _) => {
            TrustRefusal::Denied { principal, statement: format!("Statement[{}]", by.statement) }
        }
        (_, _, Some((condition, actual))) => {
            TrustRefusal::Condition { principal, condition, actual }
        }
        _ => TrustRefusal::NotNamed {
            principal,
            action: request.action.to_owned(),
            named: trust.map(named).unwrap_or_default(),
        },
    };
    Some(refusal)
}

fn named(trust: &AttachedPolicy) -> Vec<String> {
    let principals = trust.document.statements.iter().filter_map(|one| one.principals.as_ref());
    let mut named = Vec::new();
    for principals in principals {
        match principals {
            Principals::Anyone => named.push("*".to_owned()),
            Principals::These(these) => {
                named.extend(these.iter().map(|(kind, id)| format!("{kind} {id}")));
            }
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::{Document, Principal};
    use super::*;
    use crate::names::PolicyName;

    fn refusal(statements: &str) -> Option<String> {
        let text = format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{statements}]}}");
        let document = Arc::new(Document::parse_trust(&text).unwrap());
        let name = PolicyName::parse("trust").unwrap();
        let trust = AttachedPolicy { name, version: 1, document };
        let principals = [Principal { kind: "Service", id: "iot.amazonaws.com" }];
        let keys: [(&str, &[&str]); 1] = [("aws:SourceAccount", &["123456789012"])];
        let context = Context { principals: &principals, extra: &keys, ..Context::default() };
        let request = Request { action: "sts:AssumeRole", resource: "*" };
        trust_refusal(Some(&trust), &request, &context).map(|refusal| refusal.to_string())
    }

    fn statement(effect: &str, service: &str, rest: &str) -> String {
        format!(
            "{{\"Effect\": \"{effect}\", \"Principal\": {{\"Service\": \"{service}\"}}, \
             \"Action\": \"sts:AssumeRole\"{rest}}}"
        )
    }

    #[test]
    fn a_trust_policy_says_why_it_does_not_let_in() {
        let of = |account: &str| {
            format!(
                ", \"Condition\": {{\"StringEquals\": {{\"aws:SourceAccount\": \"{account}\"}}}}"
            )
        };
        let iot = "iot.amazonaws.com";
        let allow = |rest: &str| statement("Allow", iot, rest);
        for (statements, expected) in [
            (allow(""), None),
            (allow(&of("123456789012")), None),
            (
                allow(&of("999999999999")),
                Some(
                    "trusts iot.amazonaws.com but for its condition StringEquals \
                     aws:SourceAccount [999999999999]; the request has [123456789012]",
                ),
            ),
            (
                statement("Allow", "lambda.amazonaws.com", ""),
                Some(
                    "does not trust iot.amazonaws.com: its trust policy must allow sts:AssumeRole \
                     to it, and is about [Service lambda.amazonaws.com]",
                ),
            ),
            (
                format!("{}, {}", allow(""), statement("Deny", iot, "")),
                Some("refuses iot.amazonaws.com by the Deny in Statement[1]"),
            ),
        ] {
            assert_eq!(refusal(&statements).as_deref(), expected, "{statements}");
        }
    }
}
