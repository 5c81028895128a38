//! The decision over all needs, and its proof.

use std::ops::Deref;

use super::denied::{Denied, Layer};
use super::need::{Need, RequiredPermissions};
use crate::policy::{self, AttachedPolicy, Context, Request, Verdict};

/// Needs of one request; an operation's own list is far shorter. (ours)
const NEEDS_MAX: usize = 256;

/// Start of the condition keys of a resource's tags.
pub const RESOURCE_TAG: &str = "aws:ResourceTag/";

/// Proof that the policies in force allow what was to be done with this very value. Only the
/// decisions of this file make one; what is made of the value alone has the proof as well.
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

    /// What is made of the value, and of nothing else that decides what happens.
    ///
    /// # Errors
    /// Those of `make`, without proof.
    pub fn try_map<U, E>(self, make: impl FnOnce(T) -> Result<U, E>) -> Result<Authorized<U>, E> {
        make(self.0).map(Authorized)
    }

    /// As [`Self::try_map`], without errors.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Authorized<U> {
        Authorized(make(self.0))
    }

    /// As [`Self::try_map`], with proof on either side.
    ///
    /// # Errors
    /// The other of the two that the value may be.
    pub fn either<A, B>(
        self,
        split: impl FnOnce(T) -> Result<A, B>,
    ) -> Result<Authorized<A>, Authorized<B>> {
        split(self.0).map(Authorized).map_err(Authorized)
    }

    /// As [`Self::try_map`], of a look at the value.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn derive<U, E>(&self, make: impl FnOnce(&T) -> Result<U, E>) -> Result<Authorized<U>, E> {
        make(&self.0).map(Authorized)
    }
}

impl<T> Deref for Authorized<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// Decides requests of a device under the policies of its certificate, in order; the first that is
/// not allowed refuses.
///
/// # Errors
/// The value, and the number of the request that refused, from 0 on; also without any request, as
/// nothing is authorized by absence.
pub fn authorize_device<T>(
    value: T,
    requests: &[policy::Request<'_>],
    policies: &[AttachedPolicy],
    context: &Context<'_>,
) -> Result<Authorized<T>, (T, usize)> {
    let allowed =
        |request: &policy::Request<'_>| policy::decide(policies, request, context).is_allowed();
    match requests.iter().position(|request| !allowed(request)) {
        None if requests.is_empty() => Err((value, 0)),
        None => Ok(Authorized(value)),
        Some(refused) => Err((value, refused)),
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
    required: &RequiredPermissions,
    grants: &Grants<'_>,
    context: &Context<'_>,
) -> Result<Authorized<T>, Box<Denied>> {
    let (needs, only_deny) = match required {
        RequiredPermissions::Nothing => return Ok(Authorized(value)),
        RequiredPermissions::All(needs) => (needs, false),
        RequiredPermissions::NoDeny(needs) => (needs, true),
    };
    if needs.is_empty() || needs.len() > NEEDS_MAX {
        return Err(Box::new(Denied::unasked(needs.first())));
    }
    for need in needs {
        check(need, grants, context, only_deny)?;
    }
    Ok(Authorized(value))
}

/// Decides one need.
pub(super) fn allows(
    need: &Need,
    grants: &Grants<'_>,
    context: &Context<'_>,
) -> Result<(), Box<Denied>> {
    check(need, grants, context, false)
}

/// Every need that is not allowed, in order: [`authorize`] refuses with the first of them.
pub fn lacking<'a>(
    required: &'a RequiredPermissions,
    grants: &Grants<'_>,
    context: &Context<'_>,
) -> Vec<&'a Need> {
    let (needs, only_deny) = match required {
        RequiredPermissions::Nothing => return Vec::new(),
        RequiredPermissions::All(needs) => (needs, false),
        RequiredPermissions::NoDeny(needs) => (needs, true),
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
    let former = need.formerly.map(|action| Request { action, ..request });
    let all = [(Layer::Identity, Some(grants.identity)), (Layer::Session, grants.session)];
    for (layer, policies) in all {
        let Some(policies) = policies else { continue };
        let verdict = |it: &Request<'_>| policy::decide(policies, it, context).verdict;
        let names = [Some(request), former];
        let denied = names.iter().flatten().find(|it| verdict(it) == Verdict::ExplicitDeny);
        let allowed = || names.iter().flatten().any(|it| verdict(it) == Verdict::Allowed);
        if denied.is_none() && (only_deny || allowed()) {
            continue;
        }
        let explanation = policy::explain(policies, denied.unwrap_or(&request), context);
        return Err(Box::new(Denied::explained(need, layer, &explanation)));
    }
    Ok(())
}
