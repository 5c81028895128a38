use fleetwright_core::certificate::CertificateStatus::Active;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::AttributeName;
use fleetwright_store::{
    AccessKey, AccessKeyStatus, AttributeFilter, Change, ThingFilter, ThingUpdate, TypeUpdate, Uuid,
};

use crate::support::{NOW, Registry, attributes, code, id, message, new_thing, thing};

pub(crate) async fn an_equal_thing_is_answered_and_a_different_one_refused(registry: Registry) {
    let store = &registry.store;
    let first = store.create_thing(new_thing("t", &[("a", "1"), ("e", "")]), NOW).await.unwrap();
    assert_eq!((first.version, first.attributes.len()), (1, 1));
    let mut again = new_thing("t", &[("a", "1")]);
    again.id = Uuid([3; 16]);
    assert_eq!(store.create_thing(again, NOW.plus_millis(1)).await.unwrap(), first);
    let refused = store.create_thing(new_thing("t", &[("a", "2")]), NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceAlreadyExists);
    assert_eq!(store.thing(&thing("t")).await.unwrap(), Some(first));
}

pub(crate) async fn the_fourth_attribute_without_a_type_is_refused(registry: Registry) {
    let store = &registry.store;
    let four = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")];
    store.create_thing(new_thing("three", &four[..3]), NOW).await.unwrap();
    let refused = store.create_thing(new_thing("four", &four), NOW).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    let mut typed = new_thing("four", &four);
    typed.type_name = Some(registry.thing_type("lamp").await);
    store.create_thing(typed, NOW).await.unwrap();
    // Without its type it would have too many.
    let update = ThingUpdate { type_name: TypeUpdate::Remove, ..ThingUpdate::default() };
    let refused = store.update_thing(thing("four"), update).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
}

pub(crate) async fn the_51st_attribute_is_refused(registry: Registry) {
    let kind = registry.thing_type("lamp").await;
    for (count, fits) in [(50, true), (51, false)] {
        let mut new = new_thing(&format!("t{count}"), &[]);
        new.type_name = Some(kind.clone());
        new.attributes = (0..count)
            .map(|n| (AttributeName::parse(&format!("a{n}")).unwrap(), "v".to_owned()))
            .collect();
        assert_eq!(registry.store.create_thing(new, NOW).await.is_ok(), fits, "{count}");
    }
}

pub(crate) async fn attributes_are_replaced_merged_and_removed(registry: Registry) {
    let store = &registry.store;
    store.create_thing(new_thing("t", &[("a", "1"), ("b", "2")]), NOW).await.unwrap();
    registry.heard();
    let update = |pairs: &[(&str, &str)], merge| ThingUpdate {
        attributes: Some((attributes(pairs), merge)),
        ..ThingUpdate::default()
    };
    store.update_thing(thing("t"), update(&[("b", ""), ("c", "3")], true)).await.unwrap();
    let found = store.thing(&thing("t")).await.unwrap().unwrap();
    assert_eq!((found.version, found.attributes), (2, attributes(&[("a", "1"), ("c", "3")])));
    store.update_thing(thing("t"), update(&[("z", "9")], false)).await.unwrap();
    let found = store.thing(&thing("t")).await.unwrap().unwrap();
    assert_eq!((found.version, found.attributes), (3, attributes(&[("z", "9")])));
    assert_eq!(registry.heard(), [Change::Thing(thing("t")), Change::Thing(thing("t"))]);
}

pub(crate) async fn a_stale_version_is_refused(registry: Registry) {
    registry.thing("t").await;
    let expecting =
        |version| ThingUpdate { expected_version: Some(version), ..ThingUpdate::default() };
    let store = &registry.store;
    store.update_thing(thing("t"), expecting(1)).await.unwrap();
    let refused = store.update_thing(thing("t"), expecting(1)).await;
    assert_eq!(
        message(refused, ErrorCode::VersionConflict),
        "The version for thing t does not match the expected version."
    );
    let refused = store.delete_thing(thing("t"), Some(1), NOW).await;
    assert_eq!(code(refused), ErrorCode::VersionConflict);
    let refused = store.update_thing(thing("none"), expecting(1)).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}

pub(crate) async fn a_thing_with_principals_is_not_deleted(registry: Registry) {
    registry.thing("t").await;
    registry.certificate(1, Active).await;
    let store = &registry.store;
    store.attach_thing_principal(thing("t"), id(1), false).await.unwrap();
    let refused = store.delete_thing(thing("t"), None, NOW).await;
    assert_eq!(
        message(refused, ErrorCode::InvalidRequest),
        "Cannot delete. Thing t is still attached to one or more principals"
    );
    store.detach_thing_principal(thing("t"), id(1)).await.unwrap();
    store.delete_thing(thing("t"), Some(1), NOW).await.unwrap();
    store.delete_thing(thing("t"), None, NOW).await.unwrap();
}

pub(crate) async fn things_are_listed_by_type_and_attribute(registry: Registry) {
    let store = &registry.store;
    let kind = registry.thing_type("lamp").await;
    for (name, room, typed) in
        [("a", "red", true), ("b", "red", false), ("c", "reed", true), ("d", "blue", true)]
    {
        let mut new = new_thing(name, &[("room", room)]);
        new.type_name = typed.then(|| kind.clone());
        store.create_thing(new, NOW).await.unwrap();
    }
    let room = |value: Option<&str>, prefix| {
        Some(AttributeFilter {
            name: AttributeName::parse("room").unwrap(),
            value: value.map(str::to_owned),
            prefix,
        })
    };
    let cases: [(bool, Option<AttributeFilter>, &[&str]); 6] = [
        (false, None, &["a", "b", "c", "d"]),
        (true, None, &["a", "c", "d"]),
        (false, room(Some("red"), false), &["a", "b"]),
        (false, room(Some("re"), true), &["a", "b", "c"]),
        (true, room(Some("re"), true), &["a", "c"]),
        (true, room(None, false), &["a", "c", "d"]),
    ];
    for (typed, attribute, expected) in cases {
        let filter = ThingFilter { type_name: typed.then(|| kind.clone()), attribute };
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = store.list_things(&filter, after, 1).await.unwrap();
            found.extend(page.items.into_iter().map(|item| item.name.to_string()));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected, "{filter:?}");
    }
}

pub(crate) async fn a_deprecated_type_takes_no_thing(registry: Registry) {
    let store = &registry.store;
    let kind = registry.thing_type("lamp").await;
    let mut new = new_thing("before", &[]);
    new.type_name = Some(kind.clone());
    store.create_thing(new.clone(), NOW).await.unwrap();
    store.deprecate_thing_type(kind.clone(), false, NOW).await.unwrap();
    new.name = thing("after");
    assert_eq!(
        message(store.create_thing(new.clone(), NOW).await, ErrorCode::InvalidRequest),
        "Can not create new thing with depreated thing type:lamp"
    );
    // A thing that has it keeps it.
    let update = ThingUpdate {
        attributes: Some((attributes(&[("a", "1")]), false)),
        ..ThingUpdate::default()
    };
    store.update_thing(thing("before"), update).await.unwrap();
    store.deprecate_thing_type(kind, true, NOW).await.unwrap();
    store.create_thing(new, NOW).await.unwrap();
}

pub(crate) async fn a_type_is_deleted_five_minutes_after_its_deprecation(registry: Registry) {
    let store = &registry.store;
    let kind = registry.thing_type("lamp").await;
    let delete = |now| store.delete_thing_type(kind.clone(), now);
    assert_eq!(code(delete(NOW).await), ErrorCode::InvalidRequest);
    store.deprecate_thing_type(kind.clone(), false, NOW).await.unwrap();
    assert_eq!(code(delete(NOW.plus_millis(299_999)).await), ErrorCode::InvalidRequest);
    delete(NOW.plus_millis(300_000)).await.unwrap();
    assert_eq!(store.thing_type(&kind).await.unwrap(), None);
    assert!(store.list_thing_types(None, 10).await.unwrap().items.is_empty());
}

pub(crate) async fn access_keys_are_kept(registry: Registry) {
    let store = &registry.store;
    let mut key = AccessKey {
        id: "AKIAEXAMPLE".to_owned(),
        secret_sealed: vec![1, 2, 3],
        user: "admin".to_owned(),
        status: AccessKeyStatus::Active,
        created: NOW,
    };
    store.put_access_key(key.clone()).await.unwrap();
    assert_eq!(store.access_key("AKIAEXAMPLE").await.unwrap(), Some(key.clone()));
    key.status = AccessKeyStatus::Inactive;
    store.put_access_key(key.clone()).await.unwrap();
    assert_eq!(store.access_keys_of("admin").await.unwrap(), [key]);
    assert!(store.delete_access_key("AKIAEXAMPLE").await.unwrap());
    assert!(!store.delete_access_key("AKIAEXAMPLE").await.unwrap());
    assert_eq!(store.access_key("AKIAEXAMPLE").await.unwrap(), None);
}
