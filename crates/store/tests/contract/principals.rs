use fleetwright_core::certificate::CertificateStatus::Active;
use fleetwright_core::error::ErrorCode;

use crate::support::{Registry, code, id, thing};

async fn two_things(registry: &Registry) {
    registry.certificate(1, Active).await;
    registry.thing("a").await;
    registry.thing("b").await;
}

pub(crate) async fn an_exclusive_principal_has_one_thing(registry: Registry) {
    two_things(&registry).await;
    let store = &registry.store;
    store.attach_thing_principal(thing("a"), id(1), true).await.unwrap();
    for (name, exclusive) in [("b", false), ("b", true), ("a", false)] {
        let refused = store.attach_thing_principal(thing(name), id(1), exclusive).await;
        assert_eq!(code(refused), ErrorCode::InvalidRequest, "{name} {exclusive}");
    }
    store.detach_thing_principal(thing("a"), id(1)).await.unwrap();
    store.attach_thing_principal(thing("b"), id(1), true).await.unwrap();
}

pub(crate) async fn a_shared_principal_does_not_become_exclusive(registry: Registry) {
    two_things(&registry).await;
    let store = &registry.store;
    store.attach_thing_principal(thing("a"), id(1), false).await.unwrap();
    for name in ["a", "b"] {
        let refused = store.attach_thing_principal(thing(name), id(1), true).await;
        assert_eq!(code(refused), ErrorCode::InvalidRequest, "{name}");
    }
    store.attach_thing_principal(thing("b"), id(1), false).await.unwrap();
}

pub(crate) async fn attaching_twice_is_harmless(registry: Registry) {
    two_things(&registry).await;
    let store = &registry.store;
    for _ in 0..2 {
        store.attach_thing_principal(thing("a"), id(1), true).await.unwrap();
    }
    for _ in 0..2 {
        store.detach_thing_principal(thing("a"), id(1)).await.unwrap();
    }
    let unknown = store.attach_thing_principal(thing("none"), id(1), false).await;
    assert_eq!(code(unknown), ErrorCode::ResourceNotFound);
    let unknown = store.attach_thing_principal(thing("a"), id(2), false).await;
    assert_eq!(code(unknown), ErrorCode::ResourceNotFound);
}

pub(crate) async fn principals_and_things_are_listed(registry: Registry) {
    two_things(&registry).await;
    let store = &registry.store;
    for n in 2..=3 {
        registry.certificate(n, Active).await;
    }
    for n in 1..=3 {
        store.attach_thing_principal(thing("a"), id(n), false).await.unwrap();
    }
    store.attach_thing_principal(thing("b"), id(1), false).await.unwrap();
    let first = store.thing_principals(&thing("a"), None, None, 2).await.unwrap();
    assert_eq!(first.items.iter().map(|item| item.certificate).collect::<Vec<_>>(), [1, 2].map(id));
    let rest = store.thing_principals(&thing("a"), None, first.next, 2).await.unwrap();
    assert_eq!((rest.items[0].certificate, rest.next), (id(3), None));
    let things = store.principal_things(id(1), None, None, 10).await.unwrap();
    let names: Vec<_> = things.items.into_iter().map(|item| item.thing).collect();
    assert_eq!(names, ["a", "b"].map(thing));
    let exclusive = store.principal_things(id(1), Some(true), None, 10).await.unwrap();
    assert!(exclusive.items.is_empty());
    let shared = store.principal_things(id(1), Some(false), None, 10).await.unwrap();
    assert_eq!(shared.items.len(), 2);
    let unknown = store.thing_principals(&thing("none"), None, None, 2).await;
    assert_eq!(code(unknown), ErrorCode::ResourceNotFound);
}
