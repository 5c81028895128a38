//! `AssumeRole`: a session of a role, for a caller whom the role's trust policy lets in.

use fleetwright_core::policy::Principal;

use super::credentials;
use super::role_session::{Asked, MAX_CHAINED, allows, find, open, read, trusts};
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
    asked.source_identity = form.text("SourceIdentity", 2..=256)?.map(str::to_owned);
    if matches!(caller.kind, CallerKind::AssumedRole { .. }) {
        asked.max_seconds = MAX_CHAINED;
    }
    // 2. Whether the role lets this caller in.
    let role = find(control, &asked, "sts:AssumeRole", &caller.arn).await?;
    let account_root = format!("arn:aws:iam::{}:root", caller.account);
    let role_arn = caller.principal_arn.as_str();
    let named = [&caller.arn, role_arn].map(|id| Principal { kind: "AWS", id });
    let account = [&account_root, &caller.account].map(|id| Principal { kind: "AWS", id });
    let mut keys: Vec<(&str, &str)> = vec![
        ("aws:PrincipalArn", role_arn),
        ("aws:PrincipalAccount", &caller.account),
        ("aws:userid", &caller.user_id),
        ("sts:RoleSessionName", &asked.session),
    ];
    keys.extend(external.map(|id| ("sts:ExternalId", id)));
    keys.extend(asked.source_identity.as_deref().map(|id| ("sts:SourceIdentity", id)));
    if let CallerKind::User { name } = &caller.kind {
        keys.push(("aws:username", name.as_str()));
    }
    let action = "sts:AssumeRole";
    if trusts(control, &role, &asked, action, &named, &keys, &caller.arn).is_err() {
        // A role that trusts the account leaves it to the caller's own policies.
        let all = [named, account].concat();
        trusts(control, &role, &asked, action, &all, &keys, &caller.arn)?;
        allows(control, caller, &asked, &keys).await?;
    }
    // 3. The session.
    let (made, user) = open(control, &role, asked)?;
    Ok(Element::new().nested("Credentials", credentials(&made)).nested("AssumedRoleUser", user))
}
