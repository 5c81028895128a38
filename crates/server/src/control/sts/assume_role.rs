//! `AssumeRole`: a session of a role, for a caller whom the role's trust policy lets in.

use fleetwright_core::limits::SOURCE_IDENTITY_CHARS;
use fleetwright_core::policy::Principal;

use super::credentials;
use super::role_session::{Asked, MAX_CHAINED, Opened, open, read, with_terms};
use super::trust::{Keys, allows, denied, session_allows, trusts, trusts_session};
use crate::control::Control;
use crate::control::caller::CallerKind;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "AssumeRole";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read.
    let (form, caller) = (&call.form, &call.caller);
    let mut asked: Asked = read(control, form)?;
    asked.tags = form.tags()?;
    let external = form.text("ExternalId", 2..=1224)?;
    let source = form.text("SourceIdentity", 2..=SOURCE_IDENTITY_CHARS)?.map(str::to_owned);
    asked.source_identity.clone_from(&source);
    if matches!(caller.kind, CallerKind::AssumedRole { .. }) {
        asked.max_seconds = MAX_CHAINED;
    }
    // 2. Whether the role lets this caller in.
    let role = with_terms(control, call.role_of_arn().cloned()).await?;
    let role =
        role.ok_or_else(|| denied(&caller.arn, "sts:AssumeRole", &asked.role_arn, "no such role"))?;
    let account_root = format!("arn:aws:iam::{}:root", caller.account);
    let role_arn = caller.principal_arn.as_str();
    let named = [&caller.arn, role_arn].map(|id| Principal { kind: "AWS", id });
    let account = [&account_root, &caller.account].map(|id| Principal { kind: "AWS", id });
    let user = match &caller.kind {
        CallerKind::User { name } => Some(name.as_str()),
        CallerKind::AssumedRole { .. } => None,
    };
    let mut keys = Keys::of(&asked, call.peer);
    keys.add("aws:PrincipalArn", [role_arn]);
    keys.add("aws:PrincipalAccount", [caller.account.as_str()]);
    keys.add("aws:userid", [caller.user_id.as_str()]);
    keys.add("aws:username", user);
    keys.add("sts:ExternalId", external);
    let action = "sts:AssumeRole";
    let denied = |cause: String| denied(&caller.arn, action, &asked.role_arn, &cause);
    if trusts(control, &role, &asked, action, &named, &keys).is_err() {
        // A role that trusts the account leaves it to the caller's own policies.
        let all = [named, account].concat();
        trusts(control, &role, &asked, action, &all, &keys).map_err(denied)?;
        allows(control, caller, &asked, &keys).await?;
    }
    // 3. Whether the policies that narrow the caller's session let it out.
    if !trusts_session(control, &role, &asked, caller, &keys) {
        session_allows(control, caller, &asked, &keys).await?;
    }
    // 4. The session.
    let Opened { made, user, packed } = open(control, &role, asked, None)?;
    let result = Element::new()
        .nested("Credentials", credentials(&made))
        .nested("AssumedRoleUser", user)
        .optional("PackedPolicySize", packed.as_deref())
        .optional("SourceIdentity", source.as_deref());
    Ok(result)
}
