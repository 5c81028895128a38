//! Identities of the registry.

use fleetwright_core::arn::AccountScope;
use fleetwright_core::error::Refusal;
use fleetwright_store::{IdentityName, Store};

use super::{FindIdentity, Identity, StoredIdentity};

/// Finds identities in the registry.
pub fn in_store(store: Store, scope: AccountScope) -> FindIdentity {
    Box::new(move |identity| {
        let (store, scope) = (store.clone(), scope.clone());
        Box::pin(async move {
            match identity {
                Identity::User(name) => named(&store, &scope, IdentityName::User(name)).await,
                Identity::Role(name) => named(&store, &scope, IdentityName::Role(name)).await,
                Identity::Managed(arn) => managed(&store, &scope, arn).await,
            }
        })
    })
}

async fn named(
    store: &Store,
    scope: &AccountScope,
    name: IdentityName,
) -> Result<Option<StoredIdentity>, Refusal> {
    let (kind, trust) = match &name {
        IdentityName::Role(role) => ("role", store.role(role).await?.map(|role| role.terms.trust)),
        IdentityName::User(_) | IdentityName::Group(_) => ("user", None),
    };
    let Some(found) = store.identity(&name).await? else { return Ok(None) };
    let Some(policies) = store.granted_policies(&name).await? else { return Ok(None) };
    Ok(Some(StoredIdentity {
        arn: scope.iam_arn(kind, &found.path, &found.name),
        unique_id: found.unique_id,
        trust,
        policies,
    }))
}

async fn managed(
    store: &Store,
    scope: &AccountScope,
    arn: String,
) -> Result<Option<StoredIdentity>, Refusal> {
    let Some(key) = store.policy_of_arn(scope, &arn).await? else { return Ok(None) };
    let document = store.managed_document(&key).await?;
    Ok(document.map(|document| StoredIdentity {
        arn,
        unique_id: String::new(),
        trust: None,
        policies: vec![document],
    }))
}
