//! What policies may ever allow, before there is a request: for lints of roles.

use super::AttachedPolicy;
use super::pattern::Pattern;
use super::statement::{Action, Effect, List, Statement};

/// Whether policies may allow an action by one of its names, on a resource if it is known. Whoever
/// answers no is right whatever the conditions and variables of a request are; whoever answers yes
/// may still be refused.
pub fn may_allow(policies: &[AttachedPolicy], actions: &[&str], resource: Option<&str>) -> bool {
    let statements = || policies.iter().flat_map(|policy| &policy.document.statements);
    let names = |statement: &Statement| {
        actions.iter().any(|action| statement.actions.has_action(&Action::new(action)))
    };
    let reaches = |list: &List| {
        list.negated
            || list.patterns.iter().any(|pattern| {
                resource.is_none_or(|arn| {
                    !pattern.variables().is_empty() || pattern.matches_folded(arn)
                })
            })
    };
    let denied = statements().any(|statement| {
        let everywhere = |list: &List| !list.negated && list.patterns.iter().any(Pattern::is_any);
        statement.effect == Effect::Deny
            && statement.conditions.is_empty()
            && names(statement)
            && statement.resources.as_ref().is_some_and(everywhere)
    });
    !denied
        && statements().any(|statement| {
            statement.effect == Effect::Allow
                && names(statement)
                && statement.resources.as_ref().is_some_and(reaches)
        })
}
