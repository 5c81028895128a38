use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::{
    AuthorizerName, CertificateProviderName, DomainConfigurationName, RoleAliasName,
};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{
    Authorizer, AuthorizerUpdate, CertificateProvider, DomainConfiguration,
    DomainConfigurationUpdate, DomainSettings, RoleAlias, Tagged,
};

use crate::support::{NOW, Registry, code};

const LATER: Timestamp = Timestamp(NOW.0 + 1000);

fn alias(n: usize) -> RoleAlias {
    RoleAlias {
        name: RoleAliasName::parse(&format!("alias-{n:03}")).unwrap(),
        role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        duration: 3600,
        created: NOW,
        modified: NOW,
    }
}

fn authorizer(n: usize, active: bool) -> Authorizer {
    Authorizer {
        name: AuthorizerName::parse(&format!("authorizer-{n:03}")).unwrap(),
        function_arn: "command:f".to_owned(),
        token_key_name: Some("token".to_owned()),
        signing_keys: BTreeMap::from([("first".to_owned(), "pem".to_owned())]),
        active,
        signing_disabled: false,
        caching: false,
        created: NOW,
        modified: NOW,
    }
}

fn domain(n: usize) -> DomainConfiguration {
    DomainConfiguration {
        name: DomainConfigurationName::parse(&format!("domain-{n}")).unwrap(),
        suffix: "abcde".to_owned(),
        enabled: true,
        domain_name: None,
        default_authorizer: None,
        settings: DomainSettings::default(),
        status_changed: NOW,
    }
}

fn change(enabled: Option<bool>, authorizer: Option<AuthorizerName>) -> DomainConfigurationUpdate {
    DomainConfigurationUpdate {
        enabled,
        default_authorizer: authorizer.map(Some),
        settings: Box::new(|settings| settings.security_policy = Some("p".to_owned())),
    }
}

pub(crate) async fn a_role_alias_is_kept_changed_and_deleted(registry: Registry) {
    let (store, made) = (&registry.store, alias(1));
    let tags = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    store.create_role_alias(made.clone(), tags.clone()).await.unwrap();
    let again = store.create_role_alias(made.clone(), BTreeMap::new()).await;
    assert_eq!(code(again), ErrorCode::ResourceAlreadyExists);
    assert_eq!(store.role_alias(&made.name).await.unwrap(), Some(made.clone()));
    assert_eq!(store.tags(&Tagged::RoleAlias(made.name.clone())).await.unwrap(), tags);
    store.update_role_alias(made.name.clone(), None, Some(900), LATER).await.unwrap();
    let expected = RoleAlias { duration: 900, modified: LATER, ..made.clone() };
    assert_eq!(store.role_alias(&made.name).await.unwrap(), Some(expected));
    store.delete_role_alias(made.name.clone()).await.unwrap();
    assert_eq!(code(store.delete_role_alias(made.name).await), ErrorCode::ResourceNotFound);
}

pub(crate) async fn the_101st_role_alias_is_refused(registry: Registry) {
    for n in 0..100 {
        registry.store.create_role_alias(alias(n), BTreeMap::new()).await.unwrap();
    }
    let refused = registry.store.create_role_alias(alias(100), BTreeMap::new()).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
    let page = registry.store.list_role_aliases(None, 2, false).await.unwrap();
    assert_eq!(page.items, [alias(99).name, alias(98).name]);
    let page = registry.store.list_role_aliases(page.next, 1, false).await.unwrap();
    assert_eq!(page.items, [alias(97).name]);
}

pub(crate) async fn the_33rd_active_authorizer_is_refused(registry: Registry) {
    let store = &registry.store;
    for n in 0..32 {
        store.create_authorizer(authorizer(n, true), BTreeMap::new()).await.unwrap();
    }
    let refused = store.create_authorizer(authorizer(32, true), BTreeMap::new()).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
    store.create_authorizer(authorizer(32, false), BTreeMap::new()).await.unwrap();
    let active = |active| AuthorizerUpdate { active: Some(active), ..AuthorizerUpdate::default() };
    let name = |n| authorizer(n, true).name;
    let refused = store.update_authorizer(name(32), active(true), LATER).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
    assert_eq!(store.authorizer(&name(32)).await.unwrap(), Some(authorizer(32, false)));
    store.update_authorizer(name(0), active(false), LATER).await.unwrap();
    store.update_authorizer(name(32), active(true), LATER).await.unwrap();
    let idle = store.list_authorizers(Some(false), None, 10, true).await.unwrap();
    assert_eq!(idle.items, [name(0)]);
}

pub(crate) async fn an_authorizer_in_use_is_not_deleted(registry: Registry) {
    let (store, name) = (&registry.store, authorizer(1, true).name);
    store.create_authorizer(authorizer(1, true), BTreeMap::new()).await.unwrap();
    store.create_authorizer(authorizer(2, false), BTreeMap::new()).await.unwrap();
    let refused = store.delete_authorizer(name.clone()).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    store.set_default_authorizer(name.clone()).await.unwrap();
    store.set_default_authorizer(name.clone()).await.unwrap();
    let second = store.set_default_authorizer(authorizer(2, false).name).await;
    assert_eq!(code(second), ErrorCode::ResourceAlreadyExists);
    assert_eq!(code(store.delete_authorizer(name.clone()).await), ErrorCode::DeleteConflict);
    assert!(store.clear_default_authorizer().await.unwrap());
    assert!(!store.clear_default_authorizer().await.unwrap());
    let domains = DomainConfiguration { default_authorizer: Some(name.clone()), ..domain(1) };
    store.create_domain_configuration(domains, BTreeMap::new()).await.unwrap();
    assert_eq!(code(store.delete_authorizer(name).await), ErrorCode::DeleteConflict);
    store.delete_authorizer(authorizer(2, false).name).await.unwrap();
}

pub(crate) async fn there_is_one_certificate_provider(registry: Registry) {
    let provider = |name: &str| CertificateProvider {
        name: CertificateProviderName::parse(name).unwrap(),
        function_arn: "command:sign".to_owned(),
        created: NOW,
        modified: NOW,
    };
    let store = &registry.store;
    store.create_certificate_provider(provider("a"), BTreeMap::new()).await.unwrap();
    for (name, expected) in
        [("a", ErrorCode::ResourceAlreadyExists), ("b", ErrorCode::LimitExceeded)]
    {
        let refused = store.create_certificate_provider(provider(name), BTreeMap::new()).await;
        assert_eq!(code(refused), expected);
    }
    let other = Some("command:other".to_owned());
    store.update_certificate_provider(provider("a").name, other, LATER).await.unwrap();
    let found = store.certificate_provider(&provider("a").name).await.unwrap().unwrap();
    assert_eq!((found.function_arn.as_str(), found.modified), ("command:other", LATER));
    store.delete_certificate_provider(provider("a").name).await.unwrap();
    assert_eq!(store.certificate_providers().await.unwrap(), []);
}

pub(crate) async fn a_domain_configuration_is_deleted_once_disabled(registry: Registry) {
    let (store, made) = (&registry.store, domain(1));
    store.create_domain_configuration(made.clone(), BTreeMap::new()).await.unwrap();
    let again = store.create_domain_configuration(made.clone(), BTreeMap::new()).await;
    assert_eq!(code(again), ErrorCode::ResourceAlreadyExists);
    let name = made.name.clone();
    let refused = store.delete_domain_configuration(made.clone()).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    let absent = change(None, Some(authorizer(1, true).name));
    let refused = store.update_domain_configuration(made.clone(), absent, LATER).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    let disabled = change(Some(false), None);
    let anew = DomainConfiguration { suffix: "other".to_owned(), ..made.clone() };
    let refused = store.update_domain_configuration(anew.clone(), change(None, None), LATER).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
    store.update_domain_configuration(made.clone(), disabled, LATER).await.unwrap();
    let found = store.domain_configuration(&name).await.unwrap().unwrap();
    assert_eq!((found.enabled, found.status_changed), (false, LATER));
    assert_eq!(found.settings.security_policy.as_deref(), Some("p"));
    assert_eq!(code(store.delete_domain_configuration(anew).await), ErrorCode::ResourceNotFound);
    store.delete_domain_configuration(made.clone()).await.unwrap();
    assert_eq!(code(store.delete_domain_configuration(made).await), ErrorCode::ResourceNotFound);
}

pub(crate) async fn the_eleventh_domain_configuration_is_refused(registry: Registry) {
    for n in 0..10 {
        registry.store.create_domain_configuration(domain(n), BTreeMap::new()).await.unwrap();
    }
    let refused = registry.store.create_domain_configuration(domain(10), BTreeMap::new()).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
    let page = registry.store.list_domain_configurations(None, 4).await.unwrap();
    assert_eq!(page.items.len(), 4);
    let page = registry.store.list_domain_configurations(page.next, 250).await.unwrap();
    assert_eq!((page.items.len(), page.next), (6, None));
}
