//! Sessions of roles: their specification, and the credentials.

use std::collections::BTreeMap;

use fleetwright_access::caller::{Caller, CallerKind, Federated, Session};
use fleetwright_access::session_token::{self, TemporaryCredentials};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::RoleName;
use fleetwright_core::policy::Document;
use fleetwright_store::{Identity, Role};

use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::query::{Element, Form, invalid};

/// Longest session of a role that a role assumes, seconds. AWS: "role chaining".
pub(super) const MAX_CHAINED: u32 = 3600;
/// Session without `DurationSeconds`, seconds. AWS: one hour.
const DEFAULT: u32 = 3600;
/// Managed policies that narrow a session. AWS: "up to 10".
const POLICY_ARNS: usize = 10;
/// Characters of a session policy. AWS: 2048.
const POLICY_CHARS: usize = 2048;
/// Characters of a session's policies, ARNs and tags, white space not counted. AWS: a binary form
/// with a limit that is not published. (ours)
const PACKED_CHARS: usize = 4096;

/// A session as its request specifies it.
pub(super) struct SessionSpec {
    pub(super) role_arn: String,
    pub(super) session: String,
    pub(super) seconds: Option<u32>,
    pub(super) max_seconds: u32,
    pub(super) policies: Vec<String>,
    pub(super) policy_arns: Vec<String>,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) source_identity: Option<String>,
}

impl SessionSpec {
    /// The share of [`PACKED_CHARS`] that its policies and tags take, in percent.
    ///
    /// # Errors
    /// `PackedPolicyTooLarge`.
    fn packed(&self) -> Result<Option<String>, ApiError> {
        let tags = self.tags.iter().flat_map(|(key, value)| [key, value]);
        let texts = self.policies.iter().chain(&self.policy_arns).chain(tags);
        let chars: usize =
            texts.map(|text| text.chars().filter(|c| !c.is_whitespace()).count()).sum();
        let percent = chars.saturating_mul(100).div_ceil(PACKED_CHARS);
        if percent > 100 {
            return Err(ApiError::new(
                ErrorKind::PackedPolicyTooLarge,
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
pub(super) fn read(control: &Control, form: &Form) -> Result<SessionSpec, ApiError> {
    let role_arn = form.required("RoleArn")?;
    let own = format!("arn:aws:iam::{}:role/", control.scope.account);
    let name = role_arn.strip_prefix(&own).and_then(|path| path.rsplit('/').next());
    name.and_then(|name| RoleName::parse(name).ok()).ok_or_else(|| {
        invalid(format!("The RoleArn must be the ARN of a role of this account: {own}NAME."))
    })?;
    let session = form.required("RoleSessionName")?;
    let word = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    if !(2..=64).contains(&session.len()) || !session.chars().all(word) {
        return Err(invalid("RoleSessionName must have 2 to 64 characters of [a-zA-Z0-9_+=,.@-]."));
    }
    let mut policies = Vec::new();
    if let Some(text) = form.text("Policy", 1..=POLICY_CHARS)? {
        Document::parse_identity(text)
            .map_err(|error| ApiError::new(ErrorCode::MalformedPolicy, error.to_string()))?;
        policies.push(text.to_owned());
    }
    let mut policy_arns = Vec::new();
    for item in form.items("PolicyArns").take(POLICY_ARNS + 1) {
        policy_arns.push(form.required(&format!("{item}.arn"))?.to_owned());
    }
    if policy_arns.len() > POLICY_ARNS {
        return Err(invalid(format!("PolicyArns may have at most {POLICY_ARNS} members.")));
    }
    Ok(SessionSpec {
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

/// A role with its terms; the caller denies one that is not there in the same words as one that
/// does not trust.
pub(super) async fn with_terms(
    control: &Control,
    found: Option<Identity>,
) -> Result<Option<Role>, ApiError> {
    let Some(identity) = found else { return Ok(None) };
    let terms = control.store.role_terms(&identity).await?;
    Ok(terms.map(|terms| Role { identity, terms }))
}

/// A session that is open.
pub(super) struct Opened {
    /// Its credentials.
    pub(super) made: TemporaryCredentials,
    /// `AssumedRoleUser`.
    pub(super) user: Element,
    /// `PackedPolicySize`, percent; none when nothing narrows or tags it.
    pub(super) packed: Option<String>,
}

/// Opens a session; `federated` is the web identity of its token.
pub(super) fn open(
    control: &Control,
    role: &Role,
    spec: SessionSpec,
    federated: Option<Federated>,
) -> Result<Opened, ApiError> {
    let packed = spec.packed()?;
    let max = role.terms.max_session.min(spec.max_seconds);
    let seconds = spec.seconds.unwrap_or(DEFAULT.min(max));
    if seconds > max {
        return Err(invalid(format!(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role: \
             {seconds} is more than {max}."
        )));
    }
    let (identity, account) = (&role.identity, control.scope.account.as_str());
    let now = control.now();
    let caller = Caller {
        arn: format!("arn:aws:sts::{account}:assumed-role/{}/{}", identity.name, spec.session),
        account: account.to_owned(),
        principal_arn: control.scope.iam_arn("role", &identity.path, &identity.name),
        user_id: format!("{}:{}", identity.unique_id, spec.session),
        kind: CallerKind::AssumedRole {
            role: RoleName::parse(&identity.name).map_err(Refusal::internal)?,
            role_id: identity.unique_id.clone(),
            session: spec.session,
        },
        session: None,
    };
    let session = Session {
        issued: now,
        expires: now.plus_millis(i64::from(seconds) * 1000),
        policies: spec.policies,
        policy_arns: spec.policy_arns,
        tags: spec.tags,
        source_identity: spec.source_identity,
        federated,
        device: None,
    };
    let user = Element::new().text("AssumedRoleId", &caller.user_id).text("Arn", &caller.arn);
    Ok(Opened { made: session_token::make(&control.sealing, caller, session)?, user, packed })
}
