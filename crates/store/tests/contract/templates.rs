use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::TemplateName;
use fleetwright_store::{Change, Hook, NewTemplate, Tagged, TemplateType, TemplateUpdate};

use crate::support::{NOW, Registry, code};

fn name(text: &str) -> TemplateName {
    TemplateName::parse(text).unwrap()
}

fn new(text: &str) -> NewTemplate {
    NewTemplate {
        name: name(text),
        kind: TemplateType::FleetProvisioning,
        description: None,
        enabled: false,
        role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
        hook: None,
        body: "body 1".to_owned(),
        tags: BTreeMap::new(),
    }
}

pub(crate) async fn a_template_lives_by_its_versions(registry: Registry) {
    let store = &registry.store;
    store.create_template(new("t"), NOW).await.unwrap();
    assert_eq!(store.template(&name("t")).await.unwrap().unwrap().body, "body 1");
    let body = "body 2".to_owned();
    let second = store.create_template_version(name("t"), body, true, NOW).await.unwrap();
    assert_eq!((second.version, second.is_default), (2, true));
    let found = store.template(&name("t")).await.unwrap().unwrap();
    assert_eq!((found.default_version, found.body.as_str()), (2, "body 2"));
    store.delete_template_version(name("t"), 1, NOW).await.unwrap();
    assert_eq!(store.template_version(&name("t"), 1).await.unwrap(), None);
    let page = store.template_versions(&name("t"), None, 9).await.unwrap();
    assert_eq!(page.items.iter().map(|item| item.version).collect::<Vec<_>>(), [2]);
    registry.heard();
    store.delete_template(name("t")).await.unwrap();
    assert_eq!(registry.heard(), [Change::Template(name("t"))]);
    assert_eq!(store.template(&name("t")).await.unwrap(), None);
    assert_eq!(code(store.delete_template(name("t")).await), ErrorCode::ResourceNotFound);
}

pub(crate) async fn a_name_in_use_is_refused(registry: Registry) {
    registry.store.create_template(new("t"), NOW).await.unwrap();
    let refused = registry.store.create_template(new("t"), NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceAlreadyExists);
}

pub(crate) async fn the_257th_template_is_refused(registry: Registry) {
    for n in 0..256 {
        registry.store.create_template(new(&format!("t{n}")), NOW).await.unwrap();
    }
    let refused = registry.store.create_template(new("t256"), NOW).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
    let page = registry.store.list_templates(None, 250).await.unwrap();
    assert_eq!(page.items.len(), 250);
    let rest = registry.store.list_templates(page.next, 250).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (6, None));
}

pub(crate) async fn the_sixth_version_is_refused(registry: Registry) {
    let store = &registry.store;
    store.create_template(new("t"), NOW).await.unwrap();
    let another = || store.create_template_version(name("t"), "b".to_owned(), false, NOW);
    for n in 2..=5 {
        assert_eq!(another().await.unwrap().version, n);
    }
    assert_eq!(code(another().await), ErrorCode::VersionsLimitExceeded);
}

pub(crate) async fn the_default_version_is_not_deleted(registry: Registry) {
    let store = &registry.store;
    store.create_template(new("t"), NOW).await.unwrap();
    let refused = store.delete_template_version(name("t"), 1, NOW).await;
    assert_eq!(code(refused), ErrorCode::DeleteConflict);
    let refused = store.delete_template_version(name("t"), 2, NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}

pub(crate) async fn the_51st_tag_is_refused(registry: Registry) {
    let store = &registry.store;
    let tags = |range: std::ops::Range<u32>| -> BTreeMap<String, String> {
        range.map(|n| (format!("k{n}"), "v".to_owned())).collect()
    };
    store.create_template(NewTemplate { tags: tags(0..50), ..new("t") }, NOW).await.unwrap();
    let resource = Tagged::Template(name("t"));
    let refused = store.tag(resource.clone(), tags(50..51)).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
    // A key that is there is no 51st.
    store.tag(resource.clone(), tags(7..8)).await.unwrap();
    store.untag(resource.clone(), vec!["k0".to_owned(), "none".to_owned()]).await.unwrap();
    assert_eq!(store.tags(&resource).await.unwrap().len(), 49);
    let refused = store.create_template(NewTemplate { tags: tags(0..51), ..new("u") }, NOW).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
    assert_eq!(store.template(&name("u")).await.unwrap(), None);
}

pub(crate) async fn an_update_changes_what_it_names(registry: Registry) {
    let store = &registry.store;
    store.create_template(new("t"), NOW).await.unwrap();
    let hook = Hook { target: "arn:h".to_owned(), payload_version: Some("2020-04-01".to_owned()) };
    let later = NOW.plus_millis(1);
    let update = TemplateUpdate {
        enabled: Some(true),
        hook: Some(Some(hook.clone())),
        description: Some("d".to_owned()),
        ..TemplateUpdate::default()
    };
    store.update_template(name("t"), update, later).await.unwrap();
    let found = store.template(&name("t")).await.unwrap().unwrap();
    assert_eq!((found.enabled, found.hook, found.modified), (true, Some(hook), later));
    assert_eq!(found.role_arn, new("t").role_arn);
    let removed = TemplateUpdate { hook: Some(None), ..TemplateUpdate::default() };
    store.update_template(name("t"), removed, later).await.unwrap();
    let found = store.template(&name("t")).await.unwrap().unwrap();
    assert_eq!((found.hook, found.enabled, found.description), (None, true, Some("d".to_owned())));
    let unknown = TemplateUpdate { default_version: Some(2), ..TemplateUpdate::default() };
    let refused = store.update_template(name("t"), unknown, later).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}
