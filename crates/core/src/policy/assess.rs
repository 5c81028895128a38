//! What policies say to one action on several resources: the answer of `TestAuthorization`.

use super::{AttachedPolicy, Context, Request, Verdict, decide, explain};
use crate::names::PolicyName;

/// A verdict over all resources, and what each policy said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment<'p> {
    /// `ExplicitDeny` if any resource is denied so, else `ImplicitDeny` if any is, else `Allowed`.
    pub verdict: Verdict,
    /// Policies that allow at least one of the resources, and deny none.
    pub allowing: Vec<&'p PolicyName>,
    /// Policies that deny at least one of the resources.
    pub denying: Vec<&'p PolicyName>,
    /// Policies that neither allow nor deny any of the resources.
    pub silent: Vec<&'p PolicyName>,
    /// Variables and condition keys that were asked for and are not known; sorted.
    pub missing: Vec<String>,
}

/// Decides an action on each resource like [`decide()`]. Of no resource it says `Allowed`.
pub fn assess<'p>(
    policies: &'p [AttachedPolicy],
    action: &str,
    resources: &[String],
    context: &Context<'_>,
) -> Assessment<'p> {
    let requests = || resources.iter().map(|resource| Request { action, resource });
    let mut found = Assessment {
        verdict: Verdict::Allowed,
        allowing: Vec::new(),
        denying: Vec::new(),
        silent: Vec::new(),
        missing: Vec::new(),
    };
    for request in requests() {
        let explanation = explain(policies, &request, context);
        found.verdict = worse(found.verdict, explanation.verdict);
        found.missing.extend(explanation.missing);
    }
    found.missing.sort();
    found.missing.dedup();
    for policy in policies {
        let says = |wanted| {
            requests().any(|request| decide([policy], &request, context).verdict == wanted)
        };
        let list = if says(Verdict::ExplicitDeny) {
            &mut found.denying
        } else if says(Verdict::Allowed) {
            &mut found.allowing
        } else {
            &mut found.silent
        };
        list.push(&policy.name);
    }
    found
}

fn worse(a: Verdict, b: Verdict) -> Verdict {
    match (a, b) {
        (Verdict::ExplicitDeny, _) | (_, Verdict::ExplicitDeny) => Verdict::ExplicitDeny,
        (Verdict::ImplicitDeny, _) | (_, Verdict::ImplicitDeny) => Verdict::ImplicitDeny,
        _ => Verdict::Allowed,
    }
}

#[cfg(test)]
mod tests;
