use std::collections::BTreeMap;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::BillingGroupName;
use fleetwright_store::{GroupFilter, NewBillingGroup, Uuid};

use crate::support::{NOW, Registry, attributes, code, group, new_group, thing};

pub(crate) async fn an_equal_group_is_answered_and_a_different_one_refused(registry: Registry) {
    let first = registry.store.create_thing_group(new_group("g", None), NOW).await.unwrap();
    let mut again = new_group("g", None);
    again.id = Uuid([7; 16]);
    assert_eq!(registry.store.create_thing_group(again, NOW).await.unwrap(), first);
    let mut other = new_group("g", None);
    other.description = Some("other".to_owned());
    let refused = registry.store.create_thing_group(other, NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceAlreadyExists);
    let orphan = registry.store.create_thing_group(new_group("h", Some("none")), NOW).await;
    assert_eq!(code(orphan), ErrorCode::InvalidRequest);
}

pub(crate) async fn the_eighth_level_is_refused(registry: Registry) {
    let mut parent = registry.group("g1", None).await;
    for level in 2..=7 {
        parent = registry.group(&format!("g{level}"), Some(parent.as_str())).await;
    }
    let refused =
        registry.store.create_thing_group(new_group("g8", Some(parent.as_str())), NOW).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    let above = registry.store.ancestors(&parent).await.unwrap();
    assert_eq!(above, ["g1", "g2", "g3", "g4", "g5", "g6"].map(group));
}

pub(crate) async fn the_hundred_and_first_child_is_refused(registry: Registry) {
    registry.group("top", None).await;
    for n in 0..100 {
        registry.group(&format!("c{n}"), Some("top")).await;
    }
    let refused = registry.store.create_thing_group(new_group("c100", Some("top")), NOW).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
}

pub(crate) async fn the_eleventh_group_of_a_thing_is_refused(registry: Registry) {
    registry.thing("t").await;
    for n in 0..11 {
        let name = registry.group(&format!("g{n}"), None).await;
        let result = registry.store.add_thing_to_thing_group(thing("t"), name, false).await;
        if n < 10 {
            result.unwrap();
        } else {
            assert_eq!(code(result), ErrorCode::InvalidRequest);
        }
    }
    // Entered already is no eleventh.
    registry.store.add_thing_to_thing_group(thing("t"), group("g4"), false).await.unwrap();
    assert_eq!(registry.store.groups_of_thing(&thing("t")).await.unwrap().len(), 10);
}

pub(crate) async fn two_groups_of_one_hierarchy_are_refused(registry: Registry) {
    registry.thing("t").await;
    registry.group("top", None).await;
    registry.group("a", Some("top")).await;
    registry.group("b", Some("top")).await;
    let store = &registry.store;
    store.add_thing_to_thing_group(thing("t"), group("a"), false).await.unwrap();
    for other in ["top", "b"] {
        let refused = store.add_thing_to_thing_group(thing("t"), group(other), false).await;
        assert_eq!(code(refused), ErrorCode::InvalidRequest, "{other}");
    }
    store.remove_thing_from_thing_group(thing("t"), group("a")).await.unwrap();
    store.add_thing_to_thing_group(thing("t"), group("b"), false).await.unwrap();
}

pub(crate) async fn a_group_with_children_is_not_deleted(registry: Registry) {
    registry.group("top", None).await;
    registry.group("below", Some("top")).await;
    let refused = registry.store.delete_thing_group(group("top"), None).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    let refused = registry.store.delete_thing_group(group("below"), Some(2)).await;
    assert_eq!(code(refused), ErrorCode::VersionConflict);
    registry.store.delete_thing_group(group("below"), Some(1)).await.unwrap();
    registry.store.delete_thing_group(group("top"), None).await.unwrap();
    registry.store.delete_thing_group(group("top"), None).await.unwrap();
}

pub(crate) async fn groups_are_listed_by_parent_and_prefix(registry: Registry) {
    registry.group("a", None).await;
    registry.group("b", None).await;
    registry.group("a1", Some("a")).await;
    registry.group("a11", Some("a1")).await;
    let cases: [(Option<&str>, bool, &str, &[&str]); 6] = [
        (None, true, "", &["a", "a1", "a11", "b"]),
        (None, false, "", &["a", "b"]),
        (None, true, "a1", &["a1", "a11"]),
        (Some("a"), false, "", &["a1"]),
        (Some("a"), true, "", &["a1", "a11"]),
        (Some("b"), true, "", &[]),
    ];
    for (parent, recursive, prefix, expected) in cases {
        let filter =
            GroupFilter { parent: parent.map(group), recursive, prefix: prefix.to_owned() };
        let page = registry.store.list_thing_groups(&filter, None, 10).await.unwrap();
        let expected: Vec<_> = expected.iter().map(|name| group(name)).collect();
        assert_eq!(page.items, expected, "{filter:?}");
    }
}

pub(crate) async fn things_of_a_group_are_listed_with_those_below(registry: Registry) {
    registry.group("top", None).await;
    registry.group("below", Some("top")).await;
    for (name, to) in [("t1", "top"), ("t2", "below"), ("t3", "below")] {
        registry.thing(name).await;
        registry.store.add_thing_to_thing_group(thing(name), group(to), false).await.unwrap();
    }
    let store = &registry.store;
    let own = store.things_in_group(&group("top"), false, None, 10).await.unwrap();
    assert_eq!(own.items, [thing("t1")]);
    let all = store.things_in_group(&group("top"), true, None, 2).await.unwrap();
    assert_eq!(all.items, [thing("t1"), thing("t2")]);
    let rest = store.things_in_group(&group("top"), true, all.next, 2).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![thing("t3")], None));
    let change = Some((attributes(&[("a", "1")]), false));
    assert_eq!(store.update_thing_group(group("top"), None, change, Some(1)).await.unwrap(), 2);
    let found = store.thing_group(&group("top")).await.unwrap().unwrap();
    assert_eq!((found.version, found.attributes), (2, attributes(&[("a", "1")])));
}

pub(crate) async fn groups_of_a_thing_change_all_or_not_at_all(registry: Registry) {
    registry.thing("t").await;
    registry.group("top", None).await;
    for name in ["a", "b"] {
        registry.group(name, Some("top")).await;
    }
    let store = &registry.store;
    store.add_thing_to_thing_group(thing("t"), group("a"), false).await.unwrap();
    let refused = store
        .update_thing_groups_for_thing(thing("t"), vec![group("none")], vec![group("a")], false)
        .await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
    assert_eq!(store.groups_of_thing(&thing("t")).await.unwrap(), [group("a")]);
    let (add, remove) = (vec![group("b")], vec![group("a")]);
    store.update_thing_groups_for_thing(thing("t"), add, remove, false).await.unwrap();
    assert_eq!(store.groups_of_thing(&thing("t")).await.unwrap(), [group("b")]);
}

pub(crate) async fn billing_groups_hold_things_until_they_go(registry: Registry) {
    let name = BillingGroupName::parse("bill").unwrap();
    let new = |description: Option<&str>| NewBillingGroup {
        name: name.clone(),
        id: Uuid([1; 16]),
        description: description.map(str::to_owned),
        tags: BTreeMap::new(),
    };
    let store = &registry.store;
    store.create_billing_group(new(None), NOW).await.unwrap();
    store.create_billing_group(new(None), NOW).await.unwrap();
    let refused = store.create_billing_group(new(Some("other")), NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceAlreadyExists);
    registry.thing("t").await;
    for _ in 0..2 {
        store.add_thing_to_billing_group(thing("t"), name.clone()).await.unwrap();
    }
    assert_eq!(store.thing(&thing("t")).await.unwrap().unwrap().version, 2);
    let page = store.things_in_billing_group(&name, None, 10).await.unwrap();
    assert_eq!(page.items, [thing("t")]);
    let listed = store.list_billing_groups(None, 10, "bi").await.unwrap();
    assert_eq!(listed.items.first(), Some(&name));
    assert_eq!(store.update_billing_group(name.clone(), None, Some(1)).await.unwrap(), 2);
    store.delete_billing_group(name, Some(2)).await.unwrap();
    assert_eq!(store.thing(&thing("t")).await.unwrap().unwrap().billing_group, None);
}
