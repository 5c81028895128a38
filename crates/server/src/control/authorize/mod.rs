//! May this caller have this operation? The table of core names what a request needs, the
//! caller's policies are asked about each need, and an operation runs on nothing less than an
//! [`Authorized`] call.

mod facts;
mod found;
mod resource_tags;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use fleetwright_core::authorization::{
    self, Asked, Authorized, Denied, Grants, Member, Need, RESOURCE_TAG, Tags,
};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::PolicyName;
use fleetwright_core::policy::AttachedPolicy;
use fleetwright_store::GrantedPolicy;
use http::StatusCode;

use super::Control;
use super::caller::{Caller, CallerKind};
use super::error::Failure;
use super::iot::Call;
use super::service::Service;
use crate::identities::{Identity, Known, compile};
use facts::Facts;
pub use facts::Peer;
pub(super) use found::Found;

/// One request, beside what it holds.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) request_id: &'a str,
    /// Whose operation.
    pub(super) service: Service,
    /// AWS's name of the operation.
    pub(super) operation: &'a str,
    /// Where the request came from, if that is known.
    pub(super) peer: Option<Peer>,
}

/// What a request holds, for needs and condition keys.
pub(super) trait Holds {
    /// What a member holds: nothing, one value, or those of a list.
    fn values(&self, member: Member) -> Vec<String>;
    /// The tags of the body; keys without values when they are to be removed.
    fn tags(&self, tags: Tags) -> BTreeMap<String, Option<String>>;
    /// Keeps what its request names, for the operation.
    fn keep(&mut self, found: Found);
}

/// Authorizes a call for its operation.
///
/// # Errors
/// 403 `AccessDeniedException` in AWS's words, with a line in the log that names policy and
/// statement; also for an operation that the table does not have.
pub(super) async fn call<C: Holds>(
    control: &Control,
    caller: &Caller,
    asking: &Asking<'_>,
    mut call: C,
) -> Result<Authorized<C>, Failure> {
    let Some(operation) = authorization::operation(asking.service.signing_name(), asking.operation)
    else {
        tracing::error!(operation = asking.operation, "the table of permissions lacks this");
        return Err(refuse(
            asking,
            "This operation cannot be authorized; see the server's log.".into(),
        ));
    };
    let known = control.identities.get(&identity(caller)).await?;
    let found = Found::look_up(control, caller, operation, &call).await?;
    let (values, stored) = (|member| call.values(member), |member| found.arn(control, member));
    let asked = operation.asked(&control.home, &caller.arn, &values, &stored);
    let mut facts = Facts::of(caller, known.arn(), &control.home, asking.peer, (control.clock)());
    for (key, values) in operation.keys(&values, &stored) {
        facts.add(key, values);
    }
    if let Some(tags) = operation.tags() {
        facts.add_tags(call.tags(tags));
    }
    call.keep(found);
    needs(control, caller, asking, &known, &facts, asked, call).await
}

/// Authorizes a value for needs that only its operation, one of AWS IoT, knows: those of a
/// template's plan that is applied with the caller's own permissions.
///
/// # Errors
/// As [`call`].
pub(super) async fn also<T>(
    control: &Control,
    call: &Call,
    operation: &str,
    asked: Vec<Need>,
    value: T,
) -> Result<Authorized<T>, Failure> {
    let Call { caller, request_id, peer, .. } = call;
    let asking = Asking { request_id, service: Service::Iot, operation, peer: *peer };
    let known = control.identities.get(&identity(caller)).await?;
    let facts = Facts::of(caller, known.arn(), &control.home, *peer, (control.clock)());
    needs(control, caller, &asking, &known, &facts, Asked::All(asked), value).await
}

/// Authorizes a value for needs, in the light of facts.
async fn needs<T>(
    control: &Control,
    caller: &Caller,
    asking: &Asking<'_>,
    known: &Known,
    facts: &Facts,
    mut asked: Asked,
    value: T,
) -> Result<Authorized<T>, Failure> {
    // A user or role made anew under the same name is another.
    let same = known.is(caller.unique_id());
    let policies: &[AttachedPolicy] = if same { &known.policies } else { &[] };
    let session = session(control, caller).await?;
    if policies.iter().any(|policy| policy.document.asks_for(RESOURCE_TAG)) {
        for need in asked.needs_mut() {
            need.tags = resource_tags::of(control, &need.resource).await?;
        }
    }
    let grants = Grants { identity: policies, session: session.as_deref() };
    let decided =
        facts.with_context(|context| authorization::authorize(value, &asked, &grants, context));
    decided.map_err(|denied| {
        log(&denied, caller, asking, policies);
        refuse(asking, denied.message(&caller.arn))
    })
}

/// Whose policies count for a caller.
fn identity(caller: &Caller) -> Identity {
    match &caller.kind {
        CallerKind::User { name } => Identity::User(name.clone()),
        CallerKind::AssumedRole { role, .. } => Identity::Role(role.clone()),
    }
}

/// The policies that narrow a caller's session; `None` when it was opened without.
pub(super) async fn session(
    control: &Control,
    caller: &Caller,
) -> Result<Option<Vec<AttachedPolicy>>, Failure> {
    let Some(session) = &caller.session else { return Ok(None) };
    if session.policies.is_empty() && session.policy_arns.is_empty() {
        return Ok(None);
    }
    let name = PolicyName::parse("session").map_err(Refusal::internal)?;
    let mut policies = Vec::new();
    for document in &session.policies {
        let (name, document) = (name.clone(), document.clone());
        policies.push(compile(GrantedPolicy { name, version: 1, document })?);
    }
    for arn in &session.policy_arns {
        let managed = control.identities.get(&Identity::Managed(arn.clone())).await?;
        policies.extend(managed.policies.iter().cloned());
    }
    Ok(Some(policies))
}

fn refuse(asking: &Asking<'_>, message: String) -> Failure {
    let name = match asking.service {
        Service::Iot | Service::IotData | Service::Lambda => "AccessDeniedException",
        Service::Iam | Service::Sts => "AccessDenied",
    };
    Failure::new(StatusCode::FORBIDDEN, name, message)
}

/// One structured line: who, what, and which policy and statement decided, or that none did.
fn log(denied: &Denied, caller: &Caller, asking: &Asking<'_>, policies: &[AttachedPolicy]) {
    let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
    tracing::warn!(
        event = "AUTHORIZATION_FAILURE",
        request_id = asking.request_id,
        operation = asking.operation,
        principal = caller.arn,
        action = %denied.need.action,
        resource = denied.need.resource,
        verdict = denied.verdict.as_str(),
        statement = denied.decided_by.as_deref().unwrap_or("none"),
        policies = names.join(", "),
        reason = %denied,
    );
}
