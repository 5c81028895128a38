//! What a request names, as the registry has it: looked up before the decision, which is about the
//! stored ARN, and kept for the operation, which acts on what was found and on nothing else.

use fleetwright_access::caller::{Caller, CallerKind};
use fleetwright_core::authorization::{Lookup, Member, Operation, StoredKind};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::{DomainConfigurationName, GroupName, RoleName, UserName};
use fleetwright_store::{
    DomainConfiguration, Identity, IdentityKind, IdentityName, OidcProvider, PolicyKey,
};

use super::context::RequestMembers;
use crate::Control;

/// The resources that a request names and that exist, by the member that names them.
#[derive(Default)]
pub(crate) struct Found(Vec<(Member, Resource)>);

/// A stored resource.
pub(crate) enum Resource {
    Identity(Identity),
    Policy(PolicyKey),
    Provider(OidcProvider),
    Domain(DomainConfiguration),
}

impl Found {
    /// Looks up what an operation is about.
    pub(super) async fn look_up(
        control: &Control,
        caller: &Caller,
        operation: &Operation,
        call: &impl RequestMembers,
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
        let scope = &control.scope;
        Some(match self.get(member)? {
            Resource::Identity(identity) => identity.arn(scope),
            Resource::Policy(policy) => policy.arn(scope),
            Resource::Provider(provider) => provider_arn(control, &provider.url),
            Resource::Domain(found) => found.arn(scope),
        })
    }

    /// What a member names.
    pub(crate) fn get(&self, member: Member) -> Option<&Resource> {
        self.0.iter().find(|(of, _)| *of == member).map(|(_, resource)| resource)
    }

    /// The identity that a parameter names.
    pub(crate) fn identity(&self, member: &'static str) -> Option<&Identity> {
        match self.get(Member::Body(member)) {
            Some(Resource::Identity(found)) => Some(found),
            _ => None,
        }
    }
}

/// The resource of a name or ARN; `None` also for a malformed one, which the operation refuses.
async fn named(control: &Control, lookup: Lookup, text: &str) -> Result<Option<Resource>, Refusal> {
    let (store, scope) = (&control.store, &control.scope);
    let name = match lookup.kind {
        StoredKind::User => UserName::parse(text).ok().map(IdentityName::User),
        StoredKind::Role => RoleName::parse(text).ok().map(IdentityName::Role),
        StoredKind::Group => GroupName::parse(text).ok().map(IdentityName::Group),
        StoredKind::RoleArn => {
            return Ok(store.role_of_arn(scope, text).await?.map(Resource::Identity));
        }
        StoredKind::Policy => {
            return Ok(store.policy_of_arn(scope, text).await?.map(Resource::Policy));
        }
        StoredKind::Provider => {
            let url = text.strip_prefix(&provider_arn(control, ""));
            let found = match url {
                Some(url) => store.oidc_provider(url).await?,
                None => None,
            };
            return Ok(found.map(Resource::Provider));
        }
        StoredKind::DomainConfiguration => {
            let Ok(name) = DomainConfigurationName::parse(text) else { return Ok(None) };
            let found = store.domain_configuration(&name).await?;
            return Ok(found.map(Resource::Domain));
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

/// The ARN of a provider.
pub(crate) fn provider_arn(control: &Control, url: &str) -> String {
    format!("arn:aws:iam::{}:oidc-provider/{url}", control.scope.account)
}
