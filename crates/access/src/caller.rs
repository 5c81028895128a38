//! The principal that signed a request: what policies can test, and what the audit trail records.

use std::collections::BTreeMap;

use fleetwright_core::arn::AccountScope;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::names::{IamPath, RoleName, UserName};
use fleetwright_core::time::Timestamp;

/// The principal of a verified request. There is no anonymous caller.
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
    /// A device, by the certificate that it presented in TLS. Its policies are those of the
    /// certificate; none of IAM's are its.
    Certificate,
}

/// The terms of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// When it began: `aws:TokenIssueTime`.
    pub issued: Timestamp,
    /// When it ends.
    pub expires: Timestamp,
    /// Session policies, documents as they were sent; they narrow what the role allows. Empty
    /// when the session was opened without.
    pub policies: Vec<String>,
    /// ARNs of managed policies that narrow it likewise.
    pub policy_arns: Vec<String>,
    /// Session tags: `aws:PrincipalTag/KEY`.
    pub tags: BTreeMap<String, String>,
    /// `sts:SourceIdentity`, `aws:SourceIdentity`.
    pub source_identity: Option<String>,
    /// The web identity that opened it; `None` for every other session.
    pub federated: Option<Federated>,
    /// The device that asked the credentials provider for it; `None` for every other session.
    pub device: Option<Device>,
}

/// The device behind a session that the credentials provider opened. AWS: guide, "Authorizing
/// direct calls to AWS services using AWS IoT Core credential provider".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// `credentials-iot:AwsCertificateId`.
    pub certificate: String,
    /// `credentials-iot:ThingName`, when the device named its thing.
    pub thing: Option<String>,
    /// `credentials-iot:ThingTypeName`, when that thing has a type.
    pub thing_type: Option<String>,
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
    pub fn unique_id(&self) -> &str {
        match &self.kind {
            CallerKind::User { .. } | CallerKind::Certificate => &self.user_id,
            CallerKind::AssumedRole { role_id, .. } => role_id,
        }
    }

    /// A device with its certificate.
    pub fn certificate(scope: &AccountScope, id: &CertificateId) -> Self {
        let arn = scope.arn("cert", id);
        Self {
            principal_arn: arn.clone(),
            arn,
            account: scope.account.as_str().to_owned(),
            user_id: id.to_string(),
            kind: CallerKind::Certificate,
            session: None,
        }
    }

    /// A user with a permanent key; `user_id` is `AIDA…`.
    pub fn user(scope: &AccountScope, name: UserName, path: &IamPath, user_id: String) -> Self {
        let arn = scope.iam_arn("user", path, &name);
        Self {
            principal_arn: arn.clone(),
            arn,
            account: scope.account.as_str().to_owned(),
            user_id,
            kind: CallerKind::User { name },
            session: None,
        }
    }
}
