//! The resources that an operation of IAM or STS acts on, as authorization found them. There is no
//! other way from a name or ARN of a request to a stored resource.

use fleetwright_access::caller::CallerKind;
use fleetwright_core::authorization::Member;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::matched_text;
use fleetwright_core::names::{GroupName, RoleName, UserName};
use fleetwright_core::text::cut;
use fleetwright_store::{Identity, IdentityKind, IdentityName, OidcProvider, PolicyKey};

use crate::authorize::Resource;
use crate::error::ApiError;
use crate::query::{Call, invalid, invalid_input};

impl Call {
    /// The user of `UserName`, the role of `RoleName` or the group of `GroupName`.
    pub(crate) fn identity(&self, kind: IdentityKind) -> Result<&Identity, ApiError> {
        let (member, name) = match kind {
            IdentityKind::User => {
                ("UserName", self.form.parsed("UserName", UserName::parse).map(IdentityName::User))
            }
            IdentityKind::Role => {
                ("RoleName", self.form.parsed("RoleName", RoleName::parse).map(IdentityName::Role))
            }
            IdentityKind::Group => (
                "GroupName",
                self.form.parsed("GroupName", GroupName::parse).map(IdentityName::Group),
            ),
        };
        let name = name?;
        self.found.identity(member).ok_or_else(|| absent(&name))
    }

    /// The user of `UserName`, or the caller.
    pub(crate) fn user_or_self(&self) -> Result<&Identity, ApiError> {
        if self.form.get("UserName").is_some() {
            return self.identity(IdentityKind::User);
        }
        match (&self.context.caller.kind, self.found.identity("UserName")) {
            (CallerKind::User { .. }, Some(found)) => Ok(found),
            (CallerKind::User { name }, None) => Err(absent(&IdentityName::User(name.clone()))),
            (CallerKind::AssumedRole { .. } | CallerKind::Certificate, _) => {
                Err(invalid("Must specify userName when calling with non-User credentials."))
            }
        }
    }

    /// The role of `RoleArn`, if it exists.
    pub(crate) fn role_of_arn(&self) -> Option<&Identity> {
        self.found.identity("RoleArn")
    }

    /// The managed policy of `PolicyArn`.
    pub(crate) fn policy(&self) -> Result<&PolicyKey, ApiError> {
        let arn = self.form.required("PolicyArn")?;
        match self.found.get(Member::Body("PolicyArn")) {
            Some(Resource::Policy(found)) => Ok(found),
            _ if !names_a_policy(arn) => {
                Err(invalid_input(format!("ARN {} is not valid.", cut(arn, 256))))
            }
            _ => Err(no_policy(arn)),
        }
    }

    /// The provider of `OpenIDConnectProviderArn`.
    pub(crate) fn provider(&self) -> Result<&OidcProvider, ApiError> {
        let arn = self.form.required("OpenIDConnectProviderArn")?;
        match self.found.get(Member::Body("OpenIDConnectProviderArn")) {
            Some(Resource::Provider(found)) => Ok(found),
            _ if !names_a_provider(arn) => Err(invalid_input(
                "The ARN is not one of a provider: use arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH.",
            )),
            _ => {
                let shown = cut(arn, 256);
                let message = format!("OpenIDConnect Provider not found for arn {shown}");
                Err(ApiError::new(ErrorCode::ResourceNotFound, message))
            }
        }
    }
}

/// A user, role or group does not exist.
fn absent(name: &IdentityName) -> ApiError {
    let (kind, name) = (name.kind().word(), name.as_str());
    let message = format!("The {kind} with name {name} cannot be found.");
    ApiError::new(ErrorCode::ResourceNotFound, message)
}

/// Whether an ARN has the form of an OpenID Connect provider's, of any account.
fn names_a_provider(arn: &str) -> bool {
    let resource = arn.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4));
    resource.and_then(|it| it.strip_prefix("oidc-provider/")).is_some_and(|url| !url.is_empty())
}

/// Whether an ARN has the form of a managed policy's, of AWS or any account.
fn names_a_policy(arn: &str) -> bool {
    let mut parts = arn.splitn(6, ':');
    let fixed = [parts.next(), parts.next(), parts.next(), parts.next()];
    let account = parts.next().is_some_and(|account| {
        account == "aws" || (account.len() == 12 && account.bytes().all(|c| c.is_ascii_digit()))
    });
    let name = parts.next().and_then(|resource| resource.strip_prefix("policy/"));
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_graphic());
    let partition = fixed[1].is_some_and(|partition| partition.starts_with("aws"));
    fixed[0] == Some("arn")
        && partition
        && fixed[2..] == [Some("iam"), Some("")]
        && account
        && name.is_some_and(is_name)
}

/// No such managed policy.
fn no_policy(arn: &str) -> ApiError {
    let shown = cut(arn, 256);
    ApiError::new(ErrorCode::ResourceNotFound, matched_text::no_managed_policy(&shown))
}
