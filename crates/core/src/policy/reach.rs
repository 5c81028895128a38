//! What policies may ever allow, before there is a request: for lints of roles.

use super::condition::Condition;
use super::key::Key;
use super::pattern::Pattern;
use super::statement::{Action, Effect, List, Outcome, Statement};
use super::{AttachedPolicy, Context, Request};

/// How far policies allow something, whatever a request's resource and variables are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// No statement allows it, or one denies it.
    Never,
    /// Only under a condition, as written, that no such request meets.
    Unmet(String),
    /// Only at some times, by the condition as written.
    Sometimes(String),
    /// As far as can be told, always.
    Always,
}

/// How far policies allow an action by one of its names, on a resource if it is known, to requests
/// that have exactly the keys of `context`. Whoever hears less than [`Reach::Always`] is right
/// whatever else a request has; whoever hears that may still be refused.
pub fn reach(
    policies: &[AttachedPolicy],
    actions: &[&str],
    resource: Option<&str>,
    context: &Context<'_>,
) -> Reach {
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
    let everywhere = |list: &List| !list.negated && list.patterns.iter().any(Pattern::is_any);
    let of = |effect: Effect| {
        statements().filter(move |one| one.effect == effect && names(one)).filter(move |one| {
            one.resources.as_ref().is_some_and(|resources| match effect {
                Effect::Allow => reaches(resources),
                Effect::Deny => everywhere(resources),
            })
        })
    };
    let allowed = of(Effect::Allow).map(|one| met(one, context)).max().unwrap_or(Reach::Never);
    match of(Effect::Deny).map(|one| met(one, context)).max() {
        Some(Reach::Always) => Reach::Never,
        Some(Reach::Sometimes(condition)) => allowed.min(Reach::Sometimes(condition)),
        _ => allowed,
    }
}

/// The condition of time by which a trust policy, which lets a principal in now, does so at some
/// times only.
pub fn trusted_for_a_time(
    trust: Option<&AttachedPolicy>,
    request: &Request<'_>,
    context: &Context<'_>,
) -> Option<String> {
    let statements = &trust?.document.statements;
    let action = Action::new(request.action);
    let of = |effect: Effect| {
        let them = statements.iter().filter(move |one| {
            let outcome = one.meet(&action, request, context);
            one.effect == effect && matches!(outcome, Outcome::Applies | Outcome::Condition(_))
        });
        them.map(|one| met(one, context)).max()
    };
    match (of(Effect::Allow), of(Effect::Deny)) {
        (_, Some(Reach::Sometimes(condition))) | (Some(Reach::Sometimes(condition)), _) => {
            Some(condition)
        }
        _ => None,
    }
}

/// How often a statement's conditions are met.
fn met(statement: &Statement, context: &Context<'_>) -> Reach {
    let of_time = |one: &&Condition| matches!(one.key, Key::CurrentTime | Key::EpochTime);
    let unmet = |one: &&Condition| !of_time(one) && !one.holds(statement.effect, context);
    if let Some(condition) = statement.conditions.iter().find(unmet) {
        return Reach::Unmet(condition.to_string());
    }
    match statement.conditions.iter().find(of_time) {
        Some(condition) => Reach::Sometimes(condition.to_string()),
        None => Reach::Always,
    }
}
