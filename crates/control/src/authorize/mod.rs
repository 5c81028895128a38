//! Whether a caller may run an operation. The table of core names the permissions it needs, the
//! caller's policies are evaluated for each of them, and an operation runs on nothing less than an
//! [`Authorized`] call.

mod context;
mod device;
mod facts;
mod found;
mod resource_tags;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::Arc;

pub(super) use context::{RequestContext, RequestMembers};
pub use device::DeviceCaller;
use facts::Facts;
pub use facts::Peer;
use fleetwright_access::caller::{Caller, CallerKind};
use fleetwright_access::identities::{CompiledIdentity, Identity, compile};
use fleetwright_core::arn::AccountScope;
use fleetwright_core::authorization::{
    self, Authorized, Denied, Grants, Need, PlanNeeds, RESOURCE_TAG, RequiredPermissions,
};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::PolicyName;
use fleetwright_core::plan::ProvisioningPlan;
use fleetwright_core::policy::AttachedPolicy;
use fleetwright_core::time::Timestamp;
use fleetwright_store::GrantedPolicy;
pub(super) use found::{Found, Resource, provider_arn};

use super::error::{ApiError, ErrorKind};
use super::{Control, ControlPlane};

/// Authorizes a call for its operation.
///
/// # Errors
/// 403 `AccessDeniedException` in AWS's words, with a line in the log that names policy and
/// statement; also for an operation that the table does not have.
pub(super) async fn call<C: RequestMembers>(
    control: &Control,
    mut call: C,
) -> Result<Authorized<C>, ApiError> {
    let context = &call.context().clone();
    let RequestContext { service, operation: name, caller, peer, .. } = context;
    let Some(operation) = authorization::operation(service.signing_name(), name) else {
        tracing::error!(operation = name, "the table of permissions lacks this");
        return Err(ApiError::new(
            ErrorKind::AccessDenied,
            "This operation cannot be authorized; see the server's log.",
        ));
    };
    let known = known(control, caller).await?;
    let found = Found::look_up(control, caller, operation, &call).await?;
    let (values, stored) = (|member| call.values(member), |member| found.arn(control, member));
    let required = operation.required(&control.scope, &caller.arn, &values, &stored);
    let mut facts = match &context.device {
        Some(device) => Facts::of_device(device, &control.scope, control.now()),
        None => Facts::of(caller, known.arn(), &control.scope, *peer, control.now()),
    };
    for (key, values) in operation.keys(&values, &stored) {
        facts.add(key, values);
    }
    if let Some(tags) = operation.tags() {
        facts.add_tags(call.tags(tags));
    }
    call.keep(found);
    needs(control, context, &known, &facts, required, call).await
}

/// Authorizes the plan that a template came to, with the permissions of the caller of an authorized
/// call; what it must not come to stands in it.
///
/// # Errors
/// As [`call`].
pub(super) async fn plan(
    control: &Control,
    call: &Authorized<impl RequestMembers>,
    mut needs: PlanNeeds,
    plan: ProvisioningPlan,
) -> Result<Authorized<ProvisioningPlan>, ApiError> {
    let context = call.context();
    let RequestContext { caller, peer, .. } = context;
    let known = known(control, caller).await?;
    let facts = Facts::of(caller, known.arn(), &control.scope, *peer, control.now());
    let policies = policies(&known, context);
    let session = session(control, caller).await?;
    complete(control, policies, needs.needs_mut()).await?;
    let grants = Grants { identity: policies, session: session.as_deref() };
    let refuse = |denied: &Denied| {
        let message = denied.message(&caller.arn);
        Refusal::new(ErrorCode::AccessDenied, message).because(denied)
    };
    let decided = facts
        .with_context(|facts| authorization::authorize_plan(plan, &needs, &grants, facts, refuse));
    decided.map_err(|denied| {
        log(&denied, context, policies);
        ApiError::new(ErrorKind::AccessDenied, denied.message(&caller.arn))
    })
}

/// Authorizes a value for needs, in the light of facts.
async fn needs<T>(
    control: &Control,
    context: &RequestContext,
    known: &CompiledIdentity,
    facts: &Facts,
    mut asked: RequiredPermissions,
    value: T,
) -> Result<Authorized<T>, ApiError> {
    let caller = &*context.caller;
    let policies = policies(known, context);
    let session = session(control, caller).await?;
    complete(control, policies, asked.needs_mut().iter_mut()).await?;
    let grants = Grants { identity: policies, session: session.as_deref() };
    let decided =
        facts.with_context(|context| authorization::authorize(value, &asked, &grants, context));
    decided.map_err(|denied| {
        log(&denied, context, policies);
        match context.device {
            // A device is not told of policies.
            Some(_) => ApiError::new(ErrorKind::Forbidden, "Forbidden").because(denied),
            None => ApiError::new(ErrorKind::AccessDenied, denied.message(&caller.arn)),
        }
    })
}

/// The policies of a caller. A user or role made anew under the same name is another.
fn policies<'k>(known: &'k CompiledIdentity, context: &'k RequestContext) -> &'k [AttachedPolicy] {
    match &context.device {
        Some(device) => &device.policies,
        None if known.is(context.caller.unique_id()) => &known.policies,
        None => &[],
    }
}

/// Condition keys of a caller's request, with their values.
pub(super) fn keys(
    caller: &Caller,
    principal_arn: &str,
    scope: &AccountScope,
    peer: Peer,
    now: Timestamp,
) -> Vec<(Cow<'static, str>, Vec<String>)> {
    Facts::of(caller, principal_arn, scope, Some(peer), now).into_keys()
}

/// What is known of a caller; nothing of a certificate.
pub(super) async fn known(
    control: &ControlPlane,
    caller: &Caller,
) -> Result<Arc<CompiledIdentity>, Refusal> {
    match identity(caller) {
        Some(identity) => control.identities.get(&identity).await,
        None => Ok(Arc::default()),
    }
}

/// Looks up the tags of what is needed, if a policy asks for some.
async fn complete(
    control: &Control,
    policies: &[AttachedPolicy],
    needs: impl Iterator<Item = &mut Need>,
) -> Result<(), ApiError> {
    if policies.iter().any(|policy| policy.document.asks_for(RESOURCE_TAG)) {
        for need in needs {
            need.tags = resource_tags::of(control, &need.resource).await?;
        }
    }
    Ok(())
}

/// Whose policies count for a caller; no identity's for a certificate.
fn identity(caller: &Caller) -> Option<Identity> {
    match &caller.kind {
        CallerKind::User { name } => Some(Identity::User(name.clone())),
        CallerKind::AssumedRole { role, .. } => Some(Identity::Role(role.clone())),
        CallerKind::Certificate => None,
    }
}

/// The policies that narrow a caller's session; `None` when it was opened without.
pub(super) async fn session(
    control: &ControlPlane,
    caller: &Caller,
) -> Result<Option<Vec<AttachedPolicy>>, Refusal> {
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

/// One structured line: who, what, and which policy and statement decided, or that none did.
fn log(denied: &Denied, context: &RequestContext, policies: &[AttachedPolicy]) {
    let names: Vec<&str> = policies.iter().map(|policy| policy.name.as_str()).collect();
    tracing::warn!(
        event = "AUTHORIZATION_FAILURE",
        request_id = context.request_id,
        operation = context.operation,
        principal = context.caller.arn,
        action = %denied.need.action,
        resource = denied.need.resource,
        verdict = denied.verdict.as_str(),
        statement = denied.decided_by.as_deref().unwrap_or("none"),
        policies = names.join(", "),
        reason = %denied,
    );
}
