//! Who signed a request: what policies and trust policies may ask about, and the audit trail says.

use std::collections::BTreeMap;

use fleetwright_core::arn::Home;
use fleetwright_core::certificate::Instant;
use fleetwright_core::names::{IamPath, RoleName, UserName};

/// Whom a verified request comes from. There is no anonymous caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// `arn:aws:iam::…:user/…` or `arn:aws:sts::…:assumed-role/ROLE/SESSION`.
    pub arn: String,
    /// Twelve digits.
    pub account: String,
    /// `AIDA…` of a user, `AROA…:SESSION` of a session of a role; `aws:userid`.
    pub user_id: String,
    /// `aws:PrincipalArn`: of the user, or of the role itself.
    pub principal_arn: String,
    /// What it is.
    pub kind: CallerKind,
    /// What is known of its session; `None` when it signs with a permanent key.
    pub session: Option<Session>,
}

/// What a caller is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CallerKind {
    /// A user of the account, with a permanent key or a session of `GetSessionToken`.
    User {
        /// `aws:username`.
        name: UserName,
    },
    /// A session of a role.
    AssumedRole {
        /// The role.
        role: RoleName,
        /// `AROA…`: a role made anew under the same name is another.
        role_id: String,
        /// `RoleSessionName`.
        session: String,
    },
}

/// The terms of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// When it began: `aws:TokenIssueTime`.
    pub issued: Instant,
    /// When it ends.
    pub expires: Instant,
    /// Session policies, documents as they were sent; they narrow what the role allows. Empty
    /// when the session was opened without.
    pub policies: Vec<String>,
    /// ARNs of managed policies that narrow it likewise.
    pub policy_arns: Vec<String>,
    /// Session tags: `aws:PrincipalTag/KEY`.
    pub tags: BTreeMap<String, String>,
    /// `sts:SourceIdentity`, `aws:SourceIdentity`.
    pub source_identity: Option<String>,
    /// Whose token it stands on; `None` for one that a caller of the account opened.
    pub federated: Option<Federated>,
}

/// The web identity behind a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Federated {
    /// `aws:FederatedProvider`: the ARN of the issuer's provider.
    pub provider: String,
    /// The issuer's URL without its scheme: how its condition keys begin.
    pub issuer: String,
    /// `ISSUER:aud`.
    pub audience: String,
    /// `ISSUER:sub`.
    pub subject: String,
}

impl Caller {
    /// `AIDA…` of the user or `AROA…` of the role whose policies count.
    pub(super) fn unique_id(&self) -> &str {
        match &self.kind {
            CallerKind::User { .. } => &self.user_id,
            CallerKind::AssumedRole { role_id, .. } => role_id,
        }
    }

    /// A user with a permanent key; `user_id` is `AIDA…`.
    pub fn user(home: &Home, name: UserName, path: &IamPath, user_id: String) -> Self {
        let arn = home.iam_arn("user", path, &name);
        Self {
            principal_arn: arn.clone(),
            arn,
            account: home.account.as_str().to_owned(),
            user_id,
            kind: CallerKind::User { name },
            session: None,
        }
    }
}
