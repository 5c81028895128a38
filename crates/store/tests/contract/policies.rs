use std::collections::BTreeMap;

use fleetwright_core::certificate::CertificateStatus::Active;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::IamPath;
use fleetwright_store::{NewManagedPolicy, PolicyTarget};

use crate::support::{DOCUMENT, NOW, Registry, code, id, policy};

pub(crate) async fn a_name_in_use_is_refused(registry: Registry) {
    let name = registry.policy("p").await;
    let again = registry.store.create_policy(name, DOCUMENT.to_owned(), BTreeMap::new(), NOW).await;
    assert_eq!(code(again), ErrorCode::ResourceAlreadyExists);
    let found = registry.store.policy(&policy("p")).await.unwrap().unwrap();
    assert_eq!((found.default_version, found.document.as_str()), (1, DOCUMENT));
    assert_eq!(registry.store.policy(&policy("P")).await.unwrap(), None);
}

pub(crate) async fn the_sixth_version_is_refused_and_numbers_are_not_reused(registry: Registry) {
    let name = registry.policy("p").await;
    let store = &registry.store;
    let another = || store.create_policy_version(name.clone(), DOCUMENT.to_owned(), false, NOW);
    for n in 2..=5 {
        assert_eq!(another().await.unwrap().version, n);
    }
    assert_eq!(code(another().await), ErrorCode::VersionsLimitExceeded);
    store.delete_policy_version(name.clone(), 5, NOW).await.unwrap();
    assert_eq!(another().await.unwrap().version, 6);
    let numbers: Vec<_> = store.policy_versions(&name).await.unwrap();
    let numbers: Vec<_> = numbers.iter().map(|found| (found.version, found.is_default)).collect();
    assert_eq!(numbers, [(6, false), (4, false), (3, false), (2, false), (1, true)]);
}

pub(crate) async fn the_default_version_is_not_deleted(registry: Registry) {
    let name = registry.policy("p").await;
    let store = &registry.store;
    store.create_policy_version(name.clone(), DOCUMENT.to_owned(), false, NOW).await.unwrap();
    let refused = store.delete_policy_version(name.clone(), 1, NOW).await;
    assert_eq!(code(refused), ErrorCode::DeleteConflict);
    let refused = store.set_default_policy_version(name.clone(), 9, NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
    store.set_default_policy_version(name.clone(), 2, NOW).await.unwrap();
    store.delete_policy_version(name.clone(), 1, NOW).await.unwrap();
    assert_eq!(store.policy(&name).await.unwrap().unwrap().default_version, 2);
    assert_eq!(store.policy_version(&name, 1).await.unwrap(), None);
}

pub(crate) async fn an_attached_policy_is_not_deleted(registry: Registry) {
    let name = registry.policy("p").await;
    registry.certificate(1, Active).await;
    registry.attach(&name, 1).await;
    let refused = registry.store.delete_policy(name.clone()).await;
    assert_eq!(code(refused), ErrorCode::DeleteConflict);
    let target = PolicyTarget::Certificate(id(1));
    registry.store.detach_policy(name.clone(), target).await.unwrap();
    registry.store.delete_policy(name.clone()).await.unwrap();
    assert_eq!(code(registry.store.delete_policy(name).await), ErrorCode::ResourceNotFound);
}

pub(crate) async fn a_policy_with_versions_is_not_deleted(registry: Registry) {
    let name = registry.policy("p").await;
    let store = &registry.store;
    store.create_policy_version(name.clone(), DOCUMENT.to_owned(), false, NOW).await.unwrap();
    assert_eq!(code(store.delete_policy(name).await), ErrorCode::DeleteConflict);
}

pub(crate) async fn policies_are_listed_both_ways(registry: Registry) {
    let names = ["=", "A", "a", "z@"].map(policy);
    for name in ["z@", "A", "=", "a"] {
        registry.policy(name).await;
    }
    let store = &registry.store;
    let first = store.list_policies(None, 3, true).await.unwrap();
    assert_eq!((first.items.as_slice(), &first.next), (&names[..3], &Some(policy("a"))));
    let rest = store.list_policies(first.next, 3, true).await.unwrap();
    assert_eq!((rest.items.as_slice(), rest.next), (&names[3..], None));
    let mut down = store.list_policies(None, 10, false).await.unwrap().items;
    down.reverse();
    assert_eq!(down, names);
}

/// AWS: IAM API reference, "Policy", for `UpdateDate`.
pub(crate) async fn a_managed_policy_is_modified_by_new_versions_alone(registry: Registry) {
    let store = &registry.store;
    let new = NewManagedPolicy {
        name: policy("p"),
        path: IamPath::parse("/").unwrap(),
        unique_id: "ANPA1".to_owned(),
        description: String::new(),
        document: DOCUMENT.to_owned(),
        tags: BTreeMap::new(),
    };
    let made = store.create_managed_policy(new, NOW).await.unwrap();
    let later = NOW.plus_millis(1);
    let document = DOCUMENT.to_owned();
    let added = store.create_managed_policy_version(made.clone(), document, false, later);
    assert_eq!(added.await.unwrap(), 2);
    store.set_default_managed_version(made.clone(), 2).await.unwrap();
    store.delete_managed_policy_version(made.clone(), 1).await.unwrap();
    let in_force = store.delete_managed_policy_version(made.clone(), 2).await;
    assert_eq!(code(in_force), ErrorCode::DeleteConflict);
    let page = store.list_managed_policies("/".to_owned(), None, 10).await.unwrap();
    assert_eq!((page.items[0].default_version, page.items[0].modified), (2, later));
    let versions = store.managed_policy_versions(&made).await.unwrap();
    assert_eq!(versions.len(), 1);
    assert!(versions[0].is_default);
}
