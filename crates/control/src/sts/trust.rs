//! Whether a role's trust policy, or the caller's own policies, allow to open a session of it.

use std::net::IpAddr;

use fleetwright_access::caller::{Caller, CallerKind};
use fleetwright_access::identities::Identity;
use fleetwright_core::names::PolicyName;
use fleetwright_core::policy::{
    AttachedPolicy, Context, Document, Principal, Request, Verdict, decide, trust_refusal,
};
use fleetwright_core::time::Timestamp;
use fleetwright_store::Role;

use super::role_session::SessionSpec;
use crate::Control;
use crate::authorize::{self, Peer};
use crate::error::{ApiError, ErrorKind};

/// The action of the caller.
const ASSUME_ROLE: &str = "sts:AssumeRole";

/// Condition keys of a request for a role.
pub(super) struct ConditionKeys {
    source_ip: Option<IpAddr>,
    keys: Vec<(String, Vec<String>)>,
}

impl ConditionKeys {
    /// Those that every way of assuming a role has.
    pub(super) fn of(spec: &SessionSpec, peer: Option<Peer>) -> Self {
        let mut keys = Self { source_ip: peer.map(|peer| peer.address), keys: Vec::new() };
        let secure = peer.is_some_and(|peer| peer.tls);
        keys.add("aws:SecureTransport", [if secure { "true" } else { "false" }]);
        keys.add("sts:RoleSessionName", [spec.session.as_str()]);
        keys.add("sts:SourceIdentity", spec.source_identity.as_deref());
        keys.add("aws:TagKeys", spec.tags.keys().map(String::as_str));
        for (key, value) in &spec.tags {
            keys.add(&format!("aws:RequestTag/{key}"), [value.as_str()]);
        }
        keys
    }

    /// One key more; without values it does not exist. Of two of one name the first counts.
    pub(super) fn add<'v>(&mut self, key: &str, values: impl IntoIterator<Item = &'v str>) {
        let values: Vec<String> = values.into_iter().map(str::to_owned).collect();
        if !values.is_empty() {
            self.keys.push((key.to_owned(), values));
        }
    }

    /// The keys in the form that the engine reads.
    fn with_context<R>(
        &self,
        now: Timestamp,
        principals: &[Principal<'_>],
        read: impl FnOnce(&Context<'_>) -> R,
    ) -> R {
        let values: Vec<Vec<&str>> =
            self.keys.iter().map(|(_, all)| all.iter().map(String::as_str).collect()).collect();
        let extra: Vec<(&str, &[&str])> =
            self.keys.iter().zip(&values).map(|((key, _), all)| (&**key, all.as_slice())).collect();
        let (source_ip, now, extra) = (self.source_ip, Some(now), extra.as_slice());
        read(&Context { source_ip, now, extra, principals, ..Context::default() })
    }
}

/// Whether the trust policy lets these principals do this action; tags and source identity are
/// actions of their own. The error is the cause, for the log.
pub(super) fn trusts(
    control: &Control,
    role: &Role,
    spec: &SessionSpec,
    action: &str,
    principals: &[Principal<'_>],
    keys: &ConditionKeys,
) -> Result<(), String> {
    let document = Document::parse_trust(&role.terms.trust).map_err(|error| error.to_string())?;
    let name = PolicyName::parse("trust").map_err(|error| error.to_string())?;
    let policy = AttachedPolicy { name, version: 1, document: document.into() };
    let tagging = (!spec.tags.is_empty()).then_some("sts:TagSession");
    let source = spec.source_identity.as_ref().map(|_| "sts:SetSourceIdentity");
    keys.with_context(control.now(), principals, |context| {
        for action in [Some(action), tagging, source].into_iter().flatten() {
            let request = Request { action, resource: &spec.role_arn };
            if let Some(refusal) = trust_refusal(Some(&policy), &request, context) {
                return Err(format!("{} {refusal} (on {action})", spec.role_arn));
            }
        }
        Ok(())
    })
}

/// Whether the trust policy names this session itself, by the ARN of the session, and lets it in.
/// One that lets in every session of the role, by `*` or by a condition, names none.
pub(super) fn trusts_session(
    control: &Control,
    role: &Role,
    spec: &SessionSpec,
    caller: &Caller,
    keys: &ConditionKeys,
) -> bool {
    let lets_in = |id: &str| {
        let principals = [Principal { kind: "AWS", id }];
        trusts(control, role, spec, ASSUME_ROLE, &principals, keys).is_ok()
    };
    // No session can have a space in its name.
    lets_in(&caller.arn) && !lets_in(&format!("{} ", caller.arn))
}

/// Whether the policies that narrow the caller's session allow to assume the role; those of a
/// session that is not narrowed always do.
///
/// AWS: IAM user guide, "Evaluating policies within a single account": what a resource-based policy
/// grants to the ARN of a role is limited by session policies, what it grants to the ARN of a role
/// session is not.
pub(super) async fn session_allows(
    control: &Control,
    caller: &Caller,
    spec: &SessionSpec,
    keys: &ConditionKeys,
) -> Result<(), ApiError> {
    let Some(policies) = authorize::session(control, caller).await? else { return Ok(()) };
    let request = Request { action: ASSUME_ROLE, resource: &spec.role_arn };
    let verdict = keys.with_context(control.now(), &[], |context| {
        decide(policies.iter(), &request, context).verdict
    });
    match verdict {
        Verdict::Allowed => Ok(()),
        _ => Err(denied(
            &caller.arn,
            ASSUME_ROLE,
            &spec.role_arn,
            "no session policy of the caller allows it",
        )),
    }
}

/// Whether the caller's own policies allow to assume a role that leaves it to them. A session that
/// is narrowed may not: the session that it would open is not narrowed with it.
pub(super) async fn allows(
    control: &Control,
    caller: &Caller,
    spec: &SessionSpec,
    keys: &ConditionKeys,
) -> Result<(), ApiError> {
    let action = ASSUME_ROLE;
    let identity = match &caller.kind {
        CallerKind::User { name } => Identity::User(name.clone()),
        CallerKind::AssumedRole { role, .. } => Identity::Role(role.clone()),
        CallerKind::Certificate => {
            return Err(denied(
                &caller.arn,
                action,
                &spec.role_arn,
                "a certificate is no identity",
            ));
        }
    };
    let narrowed = caller
        .session
        .as_ref()
        .is_some_and(|session| !session.policies.is_empty() || !session.policy_arns.is_empty());
    let known = control.identities.get(&identity).await?;
    let request = Request { action, resource: &spec.role_arn };
    let verdict = keys.with_context(control.now(), &[], |context| {
        decide(known.policies.iter(), &request, context).verdict
    });
    if verdict == Verdict::Allowed && !narrowed && known.is(caller.unique_id()) {
        return Ok(());
    }
    Err(denied(&caller.arn, action, &spec.role_arn, "no identity policy of the caller allows it"))
}

/// AccessDenied in AWS's words.
pub(super) fn denied(who: &str, action: &str, role: &str, cause: &str) -> ApiError {
    let message = format!("User: {who} is not authorized to perform: {action} on resource: {role}");
    ApiError::new(ErrorKind::AccessDenied, message).because(cause)
}
