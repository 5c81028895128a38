//! `AssumeRole`: a session of a role, for a caller that the role's trust policy allows.

use fleetwright_access::caller::CallerKind;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::limits::SOURCE_IDENTITY_CHARS;
use fleetwright_core::policy::Principal;

use super::credentials;
use super::role_session::{MAX_CHAINED, Opened, SessionSpec, open, read, with_terms};
use super::trust::{ConditionKeys, allows, denied, session_allows, trusts, trusts_session};
use crate::Control;
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[operation!("AssumeRole", assume_role)];

async fn assume_role(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Read.
    let (form, caller) = (&call.form, &call.context.caller);
    let mut spec: SessionSpec = read(control, form)?;
    spec.tags = form.tags()?;
    let external = form.text("ExternalId", 2..=1224)?;
    let source = form.text("SourceIdentity", 2..=SOURCE_IDENTITY_CHARS)?.map(str::to_owned);
    spec.source_identity.clone_from(&source);
    if matches!(caller.kind, CallerKind::AssumedRole { .. }) {
        spec.max_seconds = MAX_CHAINED;
    }
    // 2. Whether the role lets this caller in.
    let role = with_terms(control, call.role_of_arn().cloned()).await?;
    let role =
        role.ok_or_else(|| denied(&caller.arn, "sts:AssumeRole", &spec.role_arn, "no such role"))?;
    let account_root = format!("arn:aws:iam::{}:root", caller.account);
    let role_arn = caller.principal_arn.as_str();
    let named = [&caller.arn, role_arn].map(|id| Principal { kind: "AWS", id });
    let account = [&account_root, &caller.account].map(|id| Principal { kind: "AWS", id });
    let user = match &caller.kind {
        CallerKind::User { name } => Some(name.as_str()),
        CallerKind::AssumedRole { .. } | CallerKind::Certificate => None,
    };
    let mut keys = ConditionKeys::of(&spec, call.context.peer);
    keys.add("aws:PrincipalArn", [role_arn]);
    keys.add("aws:PrincipalAccount", [caller.account.as_str()]);
    keys.add("aws:userid", [caller.user_id.as_str()]);
    keys.add("aws:username", user);
    keys.add("sts:ExternalId", external);
    let action = "sts:AssumeRole";
    let denied = |cause: String| denied(&caller.arn, action, &spec.role_arn, &cause);
    if trusts(control, &role, &spec, action, &named, &keys).is_err() {
        // A role that trusts the account leaves it to the caller's own policies.
        let all = [named, account].concat();
        trusts(control, &role, &spec, action, &all, &keys).map_err(denied)?;
        allows(control, caller, &spec, &keys).await?;
    }
    // 3. Whether the policies that narrow the caller's session let it out.
    if !trusts_session(control, &role, &spec, caller, &keys) {
        session_allows(control, caller, &spec, &keys).await?;
    }
    // 4. The session.
    let Opened { made, user, packed } = open(control, &role, spec, None)?;
    let result = Element::new()
        .nested("Credentials", credentials(&made))
        .nested("AssumedRoleUser", user)
        .optional("PackedPolicySize", packed.as_deref())
        .optional("SourceIdentity", source.as_deref());
    Ok(result)
}
