//! The decision over all needs, and its proof.

use super::denied::{Denied, Layer};
use super::need::{Asked, Need};
use crate::policy::{self, AttachedPolicy, Context, Request, Verdict};

/// Needs of one request; an operation's own list is far shorter. (ours)
const NEEDS_MAX: usize = 256;

/// Start of the condition keys of a resource's tags.
pub const RESOURCE_TAG: &str = "aws:ResourceTag/";

/// Proof that a caller's policies allow everything that this value was said to need.
#[derive(Debug)]
pub struct Authorized<T>(T);

impl<T> Authorized<T> {
    /// The value, proof spent.
    pub fn into_inner(self) -> T {
        self.0
    }

    /// The value, proof kept.
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// The policies between a caller and what it asks for.
#[derive(Debug, Clone, Copy)]
pub struct Grants<'p> {
    /// Those of the user or role, inline and managed.
    pub identity: &'p [AttachedPolicy],
    /// Those of the session, which narrow the role's: an action needs an Allow in both. `None`
    /// when the session was opened without.
    pub session: Option<&'p [AttachedPolicy]>,
}

/// Decides every need, in order; the first that is not allowed refuses.
///
/// # Errors
/// [`Denied`] with the need and what decided it; also for an empty list, as nothing is authorized
/// by absence.
pub fn authorize<T>(
    value: T,
    asked: &Asked,
    grants: &Grants<'_>,
    context: &Context<'_>,
) -> Result<Authorized<T>, Box<Denied>> {
    let (needs, only_deny) = match asked {
        Asked::Nothing => return Ok(Authorized(value)),
        Asked::All(needs) => (needs, false),
        Asked::NoDeny(needs) => (needs, true),
    };
    if needs.is_empty() || needs.len() > NEEDS_MAX {
        return Err(Box::new(Denied::unasked(needs.first())));
    }
    for need in needs {
        check(need, grants, context, only_deny)?;
    }
    Ok(Authorized(value))
}

/// Every need that is not allowed, in order: [`authorize`] refuses with the first of them.
pub fn lacking<'a>(asked: &'a Asked, grants: &Grants<'_>, context: &Context<'_>) -> Vec<&'a Need> {
    let (needs, only_deny) = match asked {
        Asked::Nothing => return Vec::new(),
        Asked::All(needs) => (needs, false),
        Asked::NoDeny(needs) => (needs, true),
    };
    let needs = needs.iter().take(NEEDS_MAX);
    needs.filter(|need| check(need, grants, context, only_deny).is_err()).collect()
}

fn check(
    need: &Need,
    grants: &Grants<'_>,
    context: &Context<'_>,
    only_deny: bool,
) -> Result<(), Box<Denied>> {
    if need.passed_to.is_none() && need.tags.is_empty() {
        return layers(need, grants, context, only_deny);
    }
    let service: Vec<&str> = need.passed_to.into_iter().collect();
    let tags: Vec<(String, [&str; 1])> = need
        .tags
        .iter()
        .map(|(key, value)| (format!("{RESOURCE_TAG}{key}"), [value.as_str()]))
        .collect();
    let mut extra = context.extra.to_vec();
    extra.push(("iam:PassedToService", &service));
    extra.extend(tags.iter().map(|(key, value)| (key.as_str(), value.as_slice())));
    layers(need, grants, &Context { extra: &extra, ..*context }, only_deny)
}

fn layers(
    need: &Need,
    grants: &Grants<'_>,
    context: &Context<'_>,
    only_deny: bool,
) -> Result<(), Box<Denied>> {
    let request = Request { action: &need.action, resource: &need.resource };
    let all = [(Layer::Identity, Some(grants.identity)), (Layer::Session, grants.session)];
    for (layer, policies) in all {
        let Some(policies) = policies else { continue };
        let verdict = policy::decide(policies, &request, context).verdict;
        if verdict == Verdict::Allowed || (only_deny && verdict != Verdict::ExplicitDeny) {
            continue;
        }
        let explanation = policy::explain(policies, &request, context);
        return Err(Box::new(Denied::explained(need, layer, &explanation)));
    }
    Ok(())
}
