//! Resources of the registry: a request names them, and the decision is about their stored ARN.

use super::Member;
use crate::arn::AccountScope;

/// A kind of resource that is looked up before it is decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoredKind {
    /// A user by name.
    User,
    /// A role by name.
    Role,
    /// A group by name.
    Group,
    /// A role by ARN.
    RoleArn,
    /// A managed policy by ARN.
    Policy,
    /// An OpenID Connect provider by ARN.
    Provider,
    /// A domain configuration by name.
    DomainConfiguration,
}

/// A resource that an operation is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lookup {
    /// What it is.
    pub kind: StoredKind,
    /// What names it.
    pub member: Member,
    /// Whether it is the caller's own user when nothing names one.
    pub or_caller: bool,
}

impl StoredKind {
    /// The kind of the table's word.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "user" => Self::User,
            "role" => Self::Role,
            "group" => Self::Group,
            "role-arn" => Self::RoleArn,
            "policy" => Self::Policy,
            "provider" => Self::Provider,
            "domain" => Self::DomainConfiguration,
            _ => return None,
        })
    }

    /// The ARN that a request writes for what does not exist: of a name, that of a resource
    /// without a path.
    fn written(self, scope: &AccountScope, text: &str) -> String {
        let kind = match self {
            Self::User => "user",
            Self::Role => "role",
            Self::Group => "group",
            Self::RoleArn | Self::Policy | Self::Provider => return text.to_owned(),
            Self::DomainConfiguration => {
                return scope.arn("domainconfiguration", format_args!("{text}/*"));
            }
        };
        format!("arn:aws:iam::{}:{kind}/{text}", scope.account)
    }

    /// What a refusal shows instead of the stored ARN, whose path or id the caller may not know.
    /// AWS: "on resource: user NAME", "role NAME", "group NAME".
    fn shown(self, scope: &AccountScope, text: &str) -> String {
        match self {
            Self::User => format!("user {text}"),
            Self::Role => format!("role {text}"),
            Self::Group => format!("group {text}"),
            Self::RoleArn | Self::Policy | Self::Provider | Self::DomainConfiguration => {
                self.written(scope, text)
            }
        }
    }
}

impl Lookup {
    /// The ARN to decide about, and what a refusal shows of it; `None` when the request names
    /// nothing.
    pub(super) fn resource(
        &self,
        scope: &AccountScope,
        values: &dyn Fn(Member) -> Vec<String>,
        stored: &dyn Fn(Member) -> Option<String>,
    ) -> Option<(String, Option<String>)> {
        let text = values(self.member).into_iter().next();
        let shown = text.as_deref().map(|text| self.kind.shown(scope, text));
        let arn = stored(self.member)
            .or_else(|| text.as_deref().map(|text| self.kind.written(scope, text)))?;
        Some((arn, shown))
    }
}

/// The ARN of the OpenID Connect provider of a URL: without its scheme.
pub(super) fn issuer_arn(scope: &AccountScope, url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    format!("arn:aws:iam::{}:oidc-provider/{}", scope.account, rest.trim_end_matches('/'))
}
