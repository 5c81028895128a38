use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::function::{
    AliasName, FunctionName, FunctionRef, Permission, PermissionRequest, Qualifier, Runtime,
    StatementId, Version, Weight,
};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{
    AliasUpdate, Change, FunctionAlias, FunctionCode, FunctionSettings, FunctionUpdate,
    FunctionVersion, NewFunction, PublishFunction, Tagged, Uuid,
};

use crate::support::{NOW, Registry, code, scope};

const LATER: Timestamp = Timestamp(NOW.0 + 1000);

fn name(text: &str) -> FunctionName {
    FunctionName::parse(text).unwrap()
}

fn qualifier(text: &str) -> Qualifier {
    Qualifier::parse(text).unwrap()
}

fn package(n: u8) -> FunctionCode {
    FunctionCode { sha256: [n; 32], zip: vec![n; 100] }
}

fn new(text: &str) -> NewFunction {
    NewFunction {
        name: name(text),
        settings: FunctionSettings {
            runtime: Runtime::parse("python3.12").unwrap(),
            role_arn: "arn:aws:iam::123456789012:role/r".to_owned(),
            handler: Some("app.handler".to_owned()),
            description: String::new(),
            seconds: 3,
            memory: 128,
            storage: 512,
            architecture: "x86_64".to_owned(),
            tracing: "PassThrough".to_owned(),
            environment: Some(vec![9, 9]),
        },
        code: package(1),
        tags: BTreeMap::from([("team".to_owned(), "red".to_owned())]),
        revision: Uuid([1; 16]),
        publish: None,
    }
}

fn update(
    revision: u8,
    settings: impl FnOnce(&mut FunctionSettings) + Send + 'static,
) -> FunctionUpdate {
    FunctionUpdate {
        expected: None,
        code: None,
        settings: Box::new(settings),
        revision: Uuid([revision; 16]),
        publish: None,
    }
}

fn publish(revision: u8) -> PublishFunction {
    PublishFunction { revision: Uuid([revision; 16]), ..PublishFunction::default() }
}

fn alias(text: &str, version: Version) -> FunctionAlias {
    FunctionAlias {
        name: AliasName::parse(text).unwrap(),
        version,
        extra: None,
        description: String::new(),
        revision: Uuid([5; 16]),
    }
}

fn permission(id: &str, source: Option<&str>) -> Permission {
    Permission::read(&PermissionRequest {
        id,
        action: "lambda:InvokeFunction",
        principal: "iot.amazonaws.com",
        source_arn: source,
        source_account: None,
        event_source_token: None,
        principal_org_id: None,
        function_url_auth_type: None,
        invoked_via_function_url: None,
    })
    .unwrap()
}

fn reference(text: &str) -> FunctionRef {
    FunctionRef::parse(&scope(), text).unwrap()
}

impl Registry {
    async fn create(&self, text: &str) -> FunctionVersion {
        self.store.create_function(new(text), NOW).await.unwrap()
    }

    /// Changes `$LATEST` and publishes it.
    async fn version(&self, text: &str, seconds: u32) -> Version {
        let change = update(2, move |settings| settings.seconds = seconds);
        self.store.update_function(name(text), change, NOW).await.unwrap();
        self.store.publish_function(name(text), publish(3), NOW).await.unwrap().version
    }
}

pub(crate) async fn a_function_is_found_as_it_was_made(registry: Registry) {
    let made = registry.create("hook").await;
    assert_eq!((made.version, made.code_size, made.modified), (Version::Latest, 100, NOW));
    assert_eq!(made.settings, new("hook").settings);
    let store = &registry.store;
    assert_eq!(store.function(&name("hook"), None).await.unwrap(), Some(made.clone()));
    let latest = qualifier("$LATEST");
    assert_eq!(store.function(&name("hook"), Some(&latest)).await.unwrap(), Some(made));
    assert_eq!(store.function_code(&[1; 32]).await.unwrap(), Some(vec![1; 100]));
    let usage = store.function_usage().await.unwrap();
    assert_eq!((usage.functions, usage.bytes, usage.reserved), (1, 100, 0));
    let tags = store.tags(&Tagged::Function(name("hook"))).await.unwrap();
    assert_eq!(tags.get("team").map(String::as_str), Some("red"));
    assert_eq!(registry.heard(), [Change::Function(name("hook"))]);
    for missing in ["1", "live"] {
        let qualifier = qualifier(missing);
        assert_eq!(store.function(&name("hook"), Some(&qualifier)).await.unwrap(), None);
    }
    assert_eq!(store.function(&name("Hook"), None).await.unwrap(), None);
}

pub(crate) async fn a_function_is_made_once(registry: Registry) {
    registry.create("hook").await;
    let again = registry.store.create_function(new("hook"), NOW).await;
    assert_eq!(code(again), ErrorCode::ResourceAlreadyExists);
}

pub(crate) async fn a_change_of_another_revision_is_refused(registry: Registry) {
    registry.create("hook").await;
    let mut wrong = update(2, |settings| settings.seconds = 9);
    wrong.expected = Some(Uuid([9; 16]));
    let refused = registry.store.update_function(name("hook"), wrong, LATER).await;
    assert_eq!(code(refused), ErrorCode::VersionConflict);
    let mut right = update(2, |settings| settings.seconds = 9);
    right.expected = Some(Uuid([1; 16]));
    let changed = registry.store.update_function(name("hook"), right, LATER).await.unwrap();
    assert_eq!((changed.settings.seconds, changed.modified), (9, LATER));
    assert_eq!(changed.revision, Uuid([2; 16]));
    let absent = registry.store.update_function(name("other"), update(2, |_| {}), NOW).await;
    assert_eq!(code(absent), ErrorCode::ResourceNotFound);
}

pub(crate) async fn a_published_version_never_changes(registry: Registry) {
    registry.create("hook").await;
    let store = &registry.store;
    let one = store.publish_function(name("hook"), publish(3), NOW).await.unwrap();
    assert_eq!(one.version, Version::Published(1));
    let mut change = update(4, |settings| settings.seconds = 60);
    change.code = Some(package(2));
    store.update_function(name("hook"), change, LATER).await.unwrap();
    let found = store.function(&name("hook"), Some(&qualifier("1"))).await.unwrap();
    assert_eq!(found, Some(one));
    assert!(store.function_code(&[1; 32]).await.unwrap().is_some());
}

pub(crate) async fn a_version_is_published_when_something_changed(registry: Registry) {
    registry.create("hook").await;
    let store = &registry.store;
    let describe =
        |text: &str| PublishFunction { description: Some(text.to_owned()), ..publish(3) };
    let one = store.publish_function(name("hook"), describe("one"), NOW).await.unwrap();
    assert_eq!(one.settings.description, "one");
    let again = store.publish_function(name("hook"), describe("two"), LATER).await.unwrap();
    assert_eq!(again, one);
    assert_eq!(registry.version("hook", 9).await, Version::Published(2));
    store.delete_function_version(name("hook"), 2).await.unwrap();
    let next = store.publish_function(name("hook"), publish(3), NOW).await.unwrap();
    assert_eq!(next.version, Version::Published(3), "a number is never used twice");
}

pub(crate) async fn a_version_is_published_of_the_code_that_was_meant(registry: Registry) {
    registry.create("hook").await;
    let store = &registry.store;
    let of = |n: u8| PublishFunction { code_sha256: Some([n; 32]), ..publish(3) };
    let refused = store.publish_function(name("hook"), of(7), NOW).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    let stale = PublishFunction { expected: Some(Uuid([9; 16])), ..publish(3) };
    let refused = store.publish_function(name("hook"), stale, NOW).await;
    assert_eq!(code(refused), ErrorCode::VersionConflict);
    assert!(store.publish_function(name("hook"), of(1), NOW).await.is_ok());
}

pub(crate) async fn code_is_kept_once_and_goes_with_its_last_version(registry: Registry) {
    registry.create("a").await;
    registry.create("b").await;
    let store = &registry.store;
    store.publish_function(name("a"), publish(3), NOW).await.unwrap();
    assert_eq!(store.function_usage().await.unwrap().bytes, 300);
    let mut change = update(4, |_| {});
    change.code = Some(package(2));
    store.update_function(name("a"), change, NOW).await.unwrap();
    store.delete_function(name("b")).await.unwrap();
    assert!(store.function_code(&[1; 32]).await.unwrap().is_some(), "version 1 of a needs it");
    store.delete_function_version(name("a"), 1).await.unwrap();
    assert_eq!(store.function_code(&[1; 32]).await.unwrap(), None);
    assert!(store.function_code(&[2; 32]).await.unwrap().is_some());
}

pub(crate) async fn a_function_goes_with_all_that_is_its_own(registry: Registry) {
    registry.create("hook").await;
    let store = &registry.store;
    store.publish_function(name("hook"), publish(3), NOW).await.unwrap();
    let live = alias("live", Version::Published(1));
    store.create_function_alias(name("hook"), live).await.unwrap();
    let id = permission("iot", None);
    let grant = store.add_function_permission(reference("hook"), id, None, Uuid([6; 16]));
    grant.await.unwrap();
    registry.heard();
    store.delete_function(name("hook")).await.unwrap();
    assert_eq!(registry.heard(), [Change::Function(name("hook"))]);
    assert_eq!(code(store.delete_function(name("hook")).await), ErrorCode::ResourceNotFound);
    registry.create("hook").await;
    assert_eq!(store.function(&name("hook"), Some(&qualifier("1"))).await.unwrap(), None);
    assert_eq!(store.function(&name("hook"), Some(&qualifier("live"))).await.unwrap(), None);
    assert_eq!(store.function_policy(&name("hook"), None).await.unwrap(), None);
}

pub(crate) async fn an_alias_leads_to_its_version(registry: Registry) {
    registry.create("hook").await;
    let (one, two) = (registry.version("hook", 1).await, registry.version("hook", 2).await);
    let store = &registry.store;
    store.create_function_alias(name("hook"), alias("live", one)).await.unwrap();
    let seconds = |found: Option<FunctionVersion>| found.unwrap().settings.seconds;
    let live = qualifier("live");
    assert_eq!(seconds(store.function(&name("hook"), Some(&live)).await.unwrap()), 1);
    let change = AliasUpdate { version: Some(two), ..AliasUpdate::default() };
    let live_name = AliasName::parse("live").unwrap();
    store.update_function_alias(name("hook"), live_name.clone(), change).await.unwrap();
    assert_eq!(seconds(store.function(&name("hook"), Some(&live)).await.unwrap()), 2);
    let stale = AliasUpdate { expected: Some(Uuid([9; 16])), ..AliasUpdate::default() };
    let refused = store.update_function_alias(name("hook"), live_name.clone(), stale).await;
    assert_eq!(code(refused), ErrorCode::VersionConflict);
    let refused = store.create_function_alias(name("hook"), alias("live", one)).await;
    assert_eq!(code(refused), ErrorCode::ResourceAlreadyExists);
    let refused = store.create_function_alias(name("hook"), alias("x", Version::Published(7)));
    assert_eq!(code(refused.await), ErrorCode::ResourceNotFound);
    store.delete_function_alias(name("hook"), live_name.clone()).await.unwrap();
    store.delete_function_alias(name("hook"), live_name.clone()).await.unwrap();
    assert_eq!(store.function_alias(&name("hook"), &live_name).await.unwrap(), None);
}

pub(crate) async fn a_version_that_an_alias_needs_stays(registry: Registry) {
    registry.create("hook").await;
    let (one, two) = (registry.version("hook", 1).await, registry.version("hook", 2).await);
    let store = &registry.store;
    let half = Weight::from_fraction(0.5).unwrap();
    let shared = FunctionAlias { extra: Some((two, half)), ..alias("live", one) };
    store.create_function_alias(name("hook"), shared).await.unwrap();
    for version in [1, 2] {
        let refused = store.delete_function_version(name("hook"), version).await;
        assert_eq!(code(refused), ErrorCode::ResourceConflicts, "{version}");
    }
    store.delete_function_alias(name("hook"), AliasName::parse("live").unwrap()).await.unwrap();
    store.delete_function_version(name("hook"), 1).await.unwrap();
}

pub(crate) async fn an_alias_of_two_versions_shares_invocations(registry: Registry) {
    registry.create("hook").await;
    let (one, two) = (registry.version("hook", 1).await, registry.version("hook", 2).await);
    let store = &registry.store;
    let tenth = Weight::from_fraction(0.1).unwrap();
    let shared = FunctionAlias { extra: Some((two, tenth)), ..alias("live", one) };
    store.create_function_alias(name("hook"), shared.clone()).await.unwrap();
    let live = AliasName::parse("live").unwrap();
    assert_eq!(store.function_alias(&name("hook"), &live).await.unwrap(), Some(shared));
    let found = store.function_revision(&name("hook"), Some(&qualifier("live"))).await.unwrap();
    let found = found.unwrap();
    assert_eq!(found.clone().drawn(u32::MAX).version, one);
    assert_eq!(found.drawn(0).version, two);
    for (version, extra) in [(Version::Latest, two), (one, Version::Latest), (one, one)] {
        let wrong = FunctionAlias { extra: Some((extra, tenth)), ..alias("wrong", version) };
        let refused = store.create_function_alias(name("hook"), wrong).await;
        assert_eq!(code(refused), ErrorCode::InvalidRequest);
    }
}

pub(crate) async fn a_revision_holds_what_it_takes_to_run(registry: Registry) {
    registry.create("hook").await;
    let store = &registry.store;
    store.set_function_concurrency(name("hook"), Some(4)).await.unwrap();
    let found = store.function_revision(&name("hook"), None).await.unwrap().unwrap().main;
    assert_eq!((found.handler.as_str(), found.seconds, found.memory), ("app.handler", 3, 128));
    assert_eq!((found.code_sha256, found.environment), ([1; 32], Some(vec![9, 9])));
    assert_eq!((found.reserved, found.version), (Some(4), Version::Latest));
    assert_eq!(store.function_revision(&name("hook"), Some(&qualifier("1"))).await.unwrap(), None);
    assert_eq!(store.function_revision(&name("x"), None).await.unwrap(), None);
}

pub(crate) async fn a_policy_is_that_of_its_qualifier(registry: Registry) {
    registry.create("hook").await;
    let one = registry.version("hook", 1).await;
    let store = &registry.store;
    store.create_function_alias(name("hook"), alias("live", one)).await.unwrap();
    let add = |on: &str, id: &str| {
        store.add_function_permission(reference(on), permission(id, None), None, Uuid([6; 16]))
    };
    let statement = add("hook", "a").await.unwrap();
    assert!(
        statement.contains(r#""Resource":"arn:aws:lambda:us-east-1:123456789012:function:hook""#)
    );
    let statement = add("hook:live", "b").await.unwrap();
    assert!(statement.contains(r#"function:hook:live""#), "{statement}");
    let policy = async |text: &str| {
        let FunctionRef { name, qualifier } = reference(text);
        store.function_policy(&name, qualifier.as_ref()).await.unwrap().map(|it| it.document)
    };
    assert!(policy("hook").await.unwrap().contains(r#""Sid":"a""#));
    assert!(policy("hook:$LATEST").await.unwrap().contains(r#""Sid":"a""#));
    assert!(policy("hook:live").await.unwrap().contains(r#""Sid":"b""#));
    assert_eq!(policy("hook:1").await, None);
    assert_eq!(code(add("hook:2", "c").await), ErrorCode::ResourceNotFound);
    assert_eq!(code(add("hook", "a").await), ErrorCode::ResourceConflicts);
    store.delete_function_alias(name("hook"), AliasName::parse("live").unwrap()).await.unwrap();
    store.create_function_alias(name("hook"), alias("live", one)).await.unwrap();
    assert_eq!(policy("hook:live").await, None, "an alias made anew has no permissions");
}

pub(crate) async fn a_permission_is_taken_back(registry: Registry) {
    registry.create("hook").await;
    let store = &registry.store;
    let first = Uuid([6; 16]);
    for id in ["a", "b"] {
        let adding =
            store.add_function_permission(reference("hook"), permission(id, None), None, first);
        adding.await.unwrap();
    }
    let remove = |id: &str, expected: Option<Uuid>| {
        let id = StatementId::parse(id).unwrap();
        store.remove_function_permission(reference("hook"), id, expected, Uuid([7; 16]))
    };
    assert_eq!(code(remove("a", Some(Uuid([9; 16]))).await), ErrorCode::VersionConflict);
    remove("a", Some(first)).await.unwrap();
    let left = store.function_policy(&name("hook"), None).await.unwrap().unwrap();
    assert!(!left.document.contains(r#""Sid":"a""#) && left.revision == Uuid([7; 16]));
    assert_eq!(code(remove("a", None).await), ErrorCode::ResourceNotFound);
    remove("b", None).await.unwrap();
    assert_eq!(store.function_policy(&name("hook"), None).await.unwrap(), None);
}

pub(crate) async fn a_policy_beyond_its_bytes_is_refused(registry: Registry) {
    registry.create("hook").await;
    let store = &registry.store;
    let source =
        format!("arn:aws:iot:us-east-1:123456789012:provisioningtemplate/{}", "a".repeat(9000));
    let add = |id: &str| {
        let permission = permission(id, Some(&source));
        store.add_function_permission(reference("hook"), permission, None, Uuid([6; 16]))
    };
    add("a").await.unwrap();
    add("b").await.unwrap();
    assert_eq!(code(add("c").await), ErrorCode::LimitExceeded);
    let kept = store.function_policy(&name("hook"), None).await.unwrap().unwrap().document;
    assert!(kept.contains(r#""Sid":"b""#) && !kept.contains(r#""Sid":"c""#));
}

pub(crate) async fn functions_versions_and_aliases_are_listed_in_pages(registry: Registry) {
    for text in ["a", "b", "c"] {
        registry.create(text).await;
    }
    registry.version("b", 1).await;
    registry.version("b", 2).await;
    let store = &registry.store;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.list_functions(true, after, 2).await.unwrap();
        seen.extend(page.items.iter().map(|item| format!("{}:{}", item.name, item.version)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["a:$LATEST", "b:$LATEST", "b:1", "b:2", "c:$LATEST"]);
    let page = store.list_functions(false, None, 2).await.unwrap();
    assert_eq!(page.items.len(), 2);
    let rest = store.list_functions(false, page.next, 2).await.unwrap();
    assert_eq!(rest.items.iter().map(|item| item.name.as_str()).collect::<Vec<_>>(), ["c"]);
    let page = store.list_function_versions(&name("b"), None, 2).await.unwrap();
    assert_eq!(page.next, Some(Version::Published(1)));
    let rest = store.list_function_versions(&name("b"), page.next, 2).await.unwrap();
    assert_eq!(rest.items.len(), 1);
    let absent = store.list_function_versions(&name("x"), None, 2).await;
    assert_eq!(code(absent), ErrorCode::ResourceNotFound);
    for text in ["x", "y"] {
        let alias = alias(text, Version::Published(1));
        store.create_function_alias(name("b"), alias).await.unwrap();
    }
    let page = store.list_function_aliases(&name("b"), None, None, 1).await.unwrap();
    assert_eq!(page.next.as_deref(), Some("x"));
    let of = Some(Version::Published(2));
    assert!(store.list_function_aliases(&name("b"), of, None, 9).await.unwrap().items.is_empty());
}

pub(crate) async fn reserved_concurrency_leaves_some_for_the_others(registry: Registry) {
    registry.create("a").await;
    registry.create("b").await;
    let store = &registry.store;
    store.set_function_concurrency(name("a"), Some(600)).await.unwrap();
    let refused = store.set_function_concurrency(name("b"), Some(301)).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    assert_eq!(store.function_concurrency(&name("b")).await.unwrap(), None);
    store.set_function_concurrency(name("b"), Some(300)).await.unwrap();
    assert_eq!(store.function_usage().await.unwrap().reserved, 900);
    store.set_function_concurrency(name("a"), None).await.unwrap();
    assert_eq!(store.function_concurrency(&name("a")).await.unwrap(), None);
}
