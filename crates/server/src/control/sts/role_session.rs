//! Sessions of roles: what is asked for, whether the role's trust policy grants it, and the
//! credentials.

use std::collections::BTreeMap;
use std::net::IpAddr;

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::{PolicyName, RoleName};
use fleetwright_core::policy::{
    AttachedPolicy, Context, Document, Principal, Request, Verdict, decide,
};
use fleetwright_store::Role;
use http::StatusCode;

use crate::control::Control;
use crate::control::authorize::Peer;
use crate::control::caller::{Caller, CallerKind, Federated, Session};
use crate::control::error::Failure;
use crate::control::query::{Element, Form, invalid};
use crate::identities::Identity;
use crate::session_token::{self, Temporary};

/// Longest session of a role that a role assumes, seconds. AWS: "role chaining".
pub(super) const MAX_CHAINED: u32 = 3600;
/// Session when nothing is said, seconds. AWS: one hour.
const DEFAULT: u32 = 3600;
/// Managed policies that narrow a session. AWS: "up to 10".
const POLICY_ARNS: usize = 10;
/// Characters of a session policy. AWS: 2048.
const POLICY_CHARS: usize = 2048;
/// Characters of a session's policies, ARNs and tags, white space not counted. AWS: a binary form
/// with a limit that is not published; this room is for it. (ours)
const PACKED_CHARS: usize = 4096;

/// What is asked for.
pub(super) struct Asked {
    pub(super) role: RoleName,
    pub(super) role_arn: String,
    pub(super) session: String,
    pub(super) seconds: Option<u32>,
    pub(super) max_seconds: u32,
    pub(super) policies: Vec<String>,
    pub(super) policy_arns: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) source_identity: Option<String>,
}

impl Asked {
    /// What its policies and tags take of the room that a session has for them, in percent.
    ///
    /// # Errors
    /// `PackedPolicyTooLarge`.
    fn packed(&self) -> Result<Option<String>, Failure> {
        let tags = self.tags.iter().flat_map(|(key, value)| [key, value]);
        let texts = self.policies.iter().chain(&self.policy_arns).chain(tags);
        let chars: usize =
            texts.map(|text| text.chars().filter(|c| !c.is_whitespace()).count()).sum();
        let percent = chars.saturating_mul(100).div_ceil(PACKED_CHARS);
        if percent > 100 {
            return Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "PackedPolicyTooLarge",
                format!(
                    "Packed policy consumes {percent}% of allotted space, please use smaller \
                     policy: session policies, their ARNs and session tags have {PACKED_CHARS} \
                     characters."
                ),
            ));
        }
        Ok((percent > 0).then(|| percent.to_string()))
    }
}

/// Reads what every way of assuming a role has in its form.
pub(super) fn read(control: &Control, form: &Form) -> Result<Asked, Failure> {
    let role_arn = form.required("RoleArn")?;
    let own = format!("arn:aws:iam::{}:role/", control.home.account);
    let name = role_arn.strip_prefix(&own).and_then(|path| path.rsplit('/').next());
    let role = name.and_then(|name| RoleName::parse(name).ok()).ok_or_else(|| {
        invalid(format!("The RoleArn must be the ARN of a role of this account: {own}NAME."))
    })?;
    let session = form.required("RoleSessionName")?;
    let word = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&session.len()) || !session.chars().all(word) {
        return Err(invalid("RoleSessionName must have 2 to 64 characters of [a-zA-Z0-9_+=,.@-]."));
    }
    let mut policies = Vec::new();
    if let Some(text) = form.text("Policy", 1..=POLICY_CHARS)? {
        Document::parse_identity(text).map_err(|error| {
            let message = error.to_string();
            Failure::new(StatusCode::BAD_REQUEST, "MalformedPolicyDocument", message)
        })?;
        policies.push(text.to_owned());
    }
    let mut policy_arns = Vec::new();
    for item in form.items("PolicyArns").take(POLICY_ARNS + 1) {
        policy_arns.push(form.required(&format!("{item}.arn"))?.to_owned());
    }
    if policy_arns.len() > POLICY_ARNS {
        return Err(invalid(format!("PolicyArns may have at most {POLICY_ARNS} members.")));
    }
    Ok(Asked {
        role,
        role_arn: role_arn.to_owned(),
        session: session.to_owned(),
        seconds: form.integer("DurationSeconds", 900..=43_200)?,
        max_seconds: 43_200,
        policies,
        policy_arns,
        tags: BTreeMap::new(),
        source_identity: None,
    })
}

/// The role; the caller denies one that is not there in the same words as one that does not trust.
pub(super) async fn find(control: &Control, asked: &Asked) -> Result<Option<Role>, Failure> {
    Ok(control.store.role(&asked.role).await?.filter(|role| {
        let (path, name) = (&role.identity.path, &role.identity.name);
        control.home.iam_arn("role", path, name).eq_ignore_ascii_case(&asked.role_arn)
    }))
}

/// What conditions may ask about somebody who asks for a role.
pub(super) struct Keys {
    source_ip: Option<IpAddr>,
    keys: Vec<(String, Vec<String>)>,
}

impl Keys {
    /// Those that every way of assuming a role has.
    pub(super) fn of(asked: &Asked, peer: Option<Peer>) -> Self {
        let mut keys = Self { source_ip: peer.map(|peer| peer.address), keys: Vec::new() };
        let secure = peer.is_some_and(|peer| peer.tls);
        keys.add("aws:SecureTransport", [if secure { "true" } else { "false" }]);
        keys.add("sts:RoleSessionName", [asked.session.as_str()]);
        keys.add("sts:SourceIdentity", asked.source_identity.as_deref());
        keys.add("aws:TagKeys", asked.tags.keys().map(String::as_str));
        for (key, value) in &asked.tags {
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
        now: Instant,
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
    asked: &Asked,
    action: &str,
    principals: &[Principal<'_>],
    keys: &Keys,
) -> Result<(), String> {
    let document = Document::parse_trust(&role.terms.trust).map_err(|error| error.to_string())?;
    let name = PolicyName::parse("trust").map_err(|error| error.to_string())?;
    let policy = AttachedPolicy { name, version: 1, document: document.into() };
    let tagging = (!asked.tags.is_empty()).then_some("sts:TagSession");
    let source = asked.source_identity.as_ref().map(|_| "sts:SetSourceIdentity");
    keys.with_context((control.clock)(), principals, |context| {
        for action in [Some(action), tagging, source].into_iter().flatten() {
            let request = Request { action, resource: &asked.role_arn };
            let verdict = decide([&policy], &request, context).verdict;
            if verdict != Verdict::Allowed {
                return Err(format!("the trust policy, on {action}: {}", verdict.as_str()));
            }
        }
        Ok(())
    })
}

/// Whether the caller's own policies allow to assume the role. A session that is narrowed may not:
/// what it gives away is not narrowed with it.
pub(super) async fn allows(
    control: &Control,
    caller: &Caller,
    asked: &Asked,
    keys: &Keys,
) -> Result<(), Failure> {
    let action = "sts:AssumeRole";
    let identity = match &caller.kind {
        CallerKind::User { name } => Identity::User(name.clone()),
        CallerKind::AssumedRole { role, .. } => Identity::Role(role.clone()),
    };
    let narrowed = caller
        .session
        .as_ref()
        .is_some_and(|session| !session.policies.is_empty() || !session.policy_arns.is_empty());
    let known = control.identities.get(&identity).await?;
    let request = Request { action, resource: &asked.role_arn };
    let verdict = keys.with_context((control.clock)(), &[], |context| {
        decide(known.policies.iter(), &request, context).verdict
    });
    if verdict == Verdict::Allowed && !narrowed && known.is(caller.unique_id()) {
        return Ok(());
    }
    Err(denied(&caller.arn, action, &asked.role_arn, "no identity policy of the caller allows it"))
}

/// A session that is open.
pub(super) struct Opened {
    /// Its credentials.
    pub(super) made: Temporary,
    /// `AssumedRoleUser`.
    pub(super) user: Element,
    /// `PackedPolicySize`, percent; none when nothing narrows or tags it.
    pub(super) packed: Option<String>,
}

/// Opens a session; `federated` says whose token it stands on.
pub(super) fn open(
    control: &Control,
    role: &Role,
    asked: Asked,
    federated: Option<Federated>,
) -> Result<Opened, Failure> {
    let packed = asked.packed()?;
    let max = role.terms.max_session.min(asked.max_seconds);
    let seconds = asked.seconds.unwrap_or(DEFAULT.min(max));
    if seconds > max {
        return Err(invalid(format!(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role: \
             {seconds} is more than {max}."
        )));
    }
    let (identity, account) = (&role.identity, control.home.account.as_str());
    let now = (control.clock)();
    let caller = Caller {
        arn: format!("arn:aws:sts::{account}:assumed-role/{}/{}", identity.name, asked.session),
        account: account.to_owned(),
        principal_arn: control.home.iam_arn("role", &identity.path, &identity.name),
        user_id: format!("{}:{}", identity.unique_id, asked.session),
        kind: CallerKind::AssumedRole {
            role: RoleName::parse(&identity.name).map_err(Refusal::internal)?,
            role_id: identity.unique_id.clone(),
            session: asked.session,
        },
        session: None,
    };
    let session = Session {
        issued: now,
        expires: now.plus_millis(i64::from(seconds) * 1000),
        policies: asked.policies,
        policy_arns: asked.policy_arns,
        tags: asked.tags,
        source_identity: asked.source_identity,
        federated,
    };
    let user = Element::new().text("AssumedRoleId", &caller.user_id).text("Arn", &caller.arn);
    Ok(Opened { made: session_token::make(&control.sealing, caller, session)?, user, packed })
}

/// AWS's words for a caller who may not.
pub(super) fn denied(who: &str, action: &str, role: &str, cause: &str) -> Failure {
    let message = format!("User: {who} is not authorized to perform: {action} on resource: {role}");
    let mut failure = Failure::new(StatusCode::FORBIDDEN, "AccessDenied", message);
    failure.cause = Some(cause.to_owned());
    failure
}
