//! What a request names, as the registry has it: looked up before the decision, which is about the
//! stored ARN, and kept for the operation, which acts on what was found and on nothing else.

use fleetwright_core::authorization::{Lookup, Member, Operation, StoredKind};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::{DomainConfigurationName, GroupName, RoleName, UserName};
use fleetwright_store::{Identity, IdentityKind, IdentityName, OidcProvider, PolicyKey};
use http::StatusCode;

use super::Holds;
use crate::control::Control;
use crate::control::caller::{Caller, CallerKind};
use crate::control::error::Failure;
use crate::control::{iam, query};

/// The resources that a request names and that exist, by the member that names them.
#[derive(Default)]
pub(in crate::control) struct Found(Vec<(Member, Resource)>);

enum Resource {
    Identity(Identity),
    Policy(PolicyKey),
    Provider(OidcProvider),
    /// By its ARN.
    Other(String),
}

impl Found {
    /// Looks up what an operation is about.
    pub(super) async fn look_up(
        control: &Control,
        caller: &Caller,
        operation: &Operation,
        call: &impl Holds,
    ) -> Result<Self, Refusal> {
        let mut found = Vec::new();
        for lookup in operation.lookups() {
            let name = call.values(lookup.member).into_iter().next();
            let resource = match name {
                Some(name) => named(control, lookup, &name).await?,
                None if lookup.or_caller => own(control, caller).await?,
                None => None,
            };
            found.extend(resource.map(|resource| (lookup.member, resource)));
        }
        Ok(Self(found))
    }

    /// The stored ARN of what a member names.
    pub(super) fn arn(&self, control: &Control, member: Member) -> Option<String> {
        let home = &control.home;
        Some(match self.get(member)? {
            Resource::Identity(identity) => identity.arn(home),
            Resource::Policy(policy) => policy.arn(home),
            Resource::Provider(provider) => iam::provider_arn(control, &provider.url),
            Resource::Other(arn) => arn.clone(),
        })
    }

    fn get(&self, member: Member) -> Option<&Resource> {
        self.0.iter().find(|(of, _)| *of == member).map(|(_, resource)| resource)
    }

    fn identity(&self, member: &'static str) -> Option<&Identity> {
        match self.get(Member::Body(member)) {
            Some(Resource::Identity(found)) => Some(found),
            _ => None,
        }
    }
}

/// The resources that an operation of IAM or STS acts on. There is no other way from a name or
/// ARN of a request to a stored resource.
impl query::Call {
    /// The user of `UserName`.
    pub(in crate::control) fn user(&self) -> Result<&Identity, Failure> {
        let name = self.form.parsed("UserName", UserName::parse)?;
        let found = self.found.identity("UserName");
        found.ok_or_else(|| iam::absent(&IdentityName::User(name)))
    }

    /// The user of `UserName`, or the one who asks.
    pub(in crate::control) fn user_or_self(&self) -> Result<&Identity, Failure> {
        if self.form.get("UserName").is_some() {
            return self.user();
        }
        match (&self.caller.kind, self.found.identity("UserName")) {
            (CallerKind::User { .. }, Some(found)) => Ok(found),
            (CallerKind::User { name }, None) => {
                Err(iam::absent(&IdentityName::User(name.clone())))
            }
            (CallerKind::AssumedRole { .. }, _) => {
                Err(query::invalid("Must specify userName when calling with non-User credentials."))
            }
        }
    }

    /// The role of `RoleName`.
    pub(in crate::control) fn role(&self) -> Result<&Identity, Failure> {
        let name = self.form.parsed("RoleName", RoleName::parse)?;
        let found = self.found.identity("RoleName");
        found.ok_or_else(|| iam::absent(&IdentityName::Role(name)))
    }

    /// The group of `GroupName`.
    pub(in crate::control) fn group(&self) -> Result<&Identity, Failure> {
        let name = self.form.parsed("GroupName", GroupName::parse)?;
        let found = self.found.identity("GroupName");
        found.ok_or_else(|| iam::absent(&IdentityName::Group(name)))
    }

    /// The role of `RoleArn`, if it exists.
    pub(in crate::control) fn role_of_arn(&self) -> Option<&Identity> {
        self.found.identity("RoleArn")
    }

    /// The managed policy of `PolicyArn`.
    pub(in crate::control) fn policy(&self) -> Result<&PolicyKey, Failure> {
        let arn = self.form.required("PolicyArn")?;
        match self.found.get(Member::Body("PolicyArn")) {
            Some(Resource::Policy(found)) => Ok(found),
            _ => Err(iam::no_policy(arn)),
        }
    }

    /// The provider of `OpenIDConnectProviderArn`.
    pub(in crate::control) fn provider(&self) -> Result<&OidcProvider, Failure> {
        let arn = self.form.required("OpenIDConnectProviderArn")?;
        match self.found.get(Member::Body("OpenIDConnectProviderArn")) {
            Some(Resource::Provider(found)) => Ok(found),
            _ if !names_a_provider(arn) => Err(query::invalid_input(
                "The ARN is not one of a provider: use arn:aws:iam::ACCOUNT:oidc-provider/HOST/PATH.",
            )),
            _ => {
                let shown: String = arn.chars().take(256).collect();
                let message = format!("OpenIDConnect Provider not found for arn {shown}");
                Err(Failure::new(StatusCode::NOT_FOUND, "NoSuchEntity", message))
            }
        }
    }
}

/// Whether an ARN has the form of an OpenID Connect provider's, of any account.
fn names_a_provider(arn: &str) -> bool {
    let resource = arn.strip_prefix("arn:").and_then(|rest| rest.splitn(5, ':').nth(4));
    resource.and_then(|it| it.strip_prefix("oidc-provider/")).is_some_and(|url| !url.is_empty())
}

/// What a name or ARN names; `None` also for one that is none, which the operation refuses.
async fn named(control: &Control, lookup: Lookup, text: &str) -> Result<Option<Resource>, Refusal> {
    let (store, home) = (&control.store, &control.home);
    let name = match lookup.kind {
        StoredKind::User => UserName::parse(text).ok().map(IdentityName::User),
        StoredKind::Role => RoleName::parse(text).ok().map(IdentityName::Role),
        StoredKind::Group => GroupName::parse(text).ok().map(IdentityName::Group),
        StoredKind::RoleArn => {
            return Ok(store.role_of_arn(home, text).await?.map(Resource::Identity));
        }
        StoredKind::Policy => {
            return Ok(store.policy_of_arn(home, text).await?.map(Resource::Policy));
        }
        StoredKind::Provider => {
            let url = text.strip_prefix(&iam::provider_arn(control, ""));
            let found = match url {
                Some(url) => store.oidc_provider(url).await?,
                None => None,
            };
            return Ok(found.map(Resource::Provider));
        }
        StoredKind::DomainConfiguration => {
            let Ok(name) = DomainConfigurationName::parse(text) else { return Ok(None) };
            let found = store.domain_configuration(&name).await?;
            return Ok(found.map(|found| Resource::Other(found.arn(home))));
        }
    };
    let Some(name) = name else { return Ok(None) };
    Ok(store.identity(&name).await?.map(Resource::Identity))
}

/// The caller's own user.
async fn own(control: &Control, caller: &Caller) -> Result<Option<Resource>, Refusal> {
    let CallerKind::User { name } = &caller.kind else { return Ok(None) };
    let found = control.store.identity(&IdentityName::User(name.clone())).await?;
    let same = |found: &Identity| {
        found.kind == IdentityKind::User && found.unique_id == caller.unique_id()
    };
    Ok(found.filter(same).map(Resource::Identity))
}
