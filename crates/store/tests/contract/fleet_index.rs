use std::collections::BTreeSet;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::fleet_index::{Query, ThingIndexing, ThingIndexingMode};
use fleetwright_core::names::BillingGroupName;
use fleetwright_core::plan::Override;
use fleetwright_core::time::Timestamp;
use fleetwright_store::{
    ConnectionFacts, DynamicGroupUpdate, GroupStatus, NewBillingGroup, Presence, Store,
    ThingUpdate, TypeUpdate, Uuid,
};

use crate::support::{
    NOW, Registry, attributes, code, group, new_group, new_thing, plan, registration, thing,
};

async fn index(store: &Store) {
    let things = ThingIndexing {
        mode: ThingIndexingMode::Registry,
        connectivity: true,
        ..ThingIndexing::default()
    };
    store.update_indexing_configuration(Some(things), None).await.unwrap();
}

/// Makes things `PREFIX0` … with an attribute `n`, many in one commit.
async fn make_things(store: &Store, prefix: &str, count: usize) {
    let mut making = tokio::task::JoinSet::new();
    for n in 0..count {
        let new = new_thing(&format!("{prefix}{n}"), &[("n", &n.to_string())]);
        let store = store.clone();
        making.spawn(async move { store.create_thing(new, NOW).await.unwrap() });
    }
    making.join_all().await;
}

async fn make_dynamic(store: &Store, name: &str, query: &str) -> GroupStatus {
    let new = new_group(name, None);
    let made = store.create_dynamic_thing_group(new, query.to_owned(), NOW).await.unwrap();
    made.dynamic.unwrap().status
}

async fn status(store: &Store, name: &str) -> GroupStatus {
    store.thing_group(&group(name)).await.unwrap().unwrap().dynamic.unwrap().status
}

async fn members(store: &Store, name: &str) -> usize {
    let (mut count, mut after) = (0, None);
    loop {
        let page = store.things_in_group(&group(name), false, after, 250).await.unwrap();
        count += page.items.len();
        after = page.next;
        if after.is_none() {
            return count;
        }
    }
}

/// Everything that a query finds, and in how many calls.
async fn find(store: &Store, query: &str, most: usize) -> (BTreeSet<String>, usize) {
    let query = Query::parse(query).unwrap();
    let (mut names, mut calls, mut after) = (BTreeSet::new(), 0, None::<String>);
    loop {
        let found = store.find_things(&query, after.as_deref(), most).await.unwrap();
        assert!(found.items.len() <= most);
        calls += 1;
        for item in found.items {
            assert!(names.insert(item.name.clone()), "{} twice", item.name);
        }
        after = found.next;
        if after.is_none() {
            return (names, calls);
        }
    }
}

fn seen(turn: i64, connected: bool) -> Presence {
    let reason = (!connected).then(|| "CONNECTION_LOST".to_owned());
    Presence { turn, connected, since: Timestamp(NOW.0 + turn), reason, connection: None }
}

pub(crate) async fn what_is_looked_for_narrowly_is_what_a_whole_look_finds(registry: Registry) {
    let store = &registry.store;
    index(store).await;
    make_things(store, "Lamp-", 30).await;
    make_things(store, "lamp-x", 5).await;
    make_things(store, "tv", 10).await;
    let kind = registry.thing_type("Kind").await;
    registry.group("Hall", None).await;
    let billing = BillingGroupName::parse("Billed").unwrap();
    let new = NewBillingGroup {
        name: billing.clone(),
        id: Uuid([3; 16]),
        description: None,
        tags: Default::default(),
    };
    store.create_billing_group(new, NOW).await.unwrap();
    let mut devices = Vec::new();
    for n in 0..10 {
        let name = thing(&format!("Lamp-{n}"));
        let update = ThingUpdate { type_name: TypeUpdate::Set(kind.clone()), ..Default::default() };
        store.update_thing(name.clone(), update).await.unwrap();
        if n % 2 == 0 {
            store.add_thing_to_thing_group(name.clone(), group("Hall"), false).await.unwrap();
        }
        if n % 3 == 0 {
            store.add_thing_to_billing_group(name.clone(), billing.clone()).await.unwrap();
        }
        devices.push((name.as_str().to_owned(), seen(1, n % 4 == 0)));
    }
    store.record_presence(devices).await.unwrap();
    let color = ThingUpdate {
        attributes: Some((attributes(&[("color", "Red-1")]), true)),
        ..Default::default()
    };
    store.update_thing(thing("tv1"), color).await.unwrap();
    for (query, count) in [
        ("thingName:LAMP-3", 1),
        ("thingName:lamp-*", 35),
        ("thingName:lamp-?", 10),
        ("thingName:\"tv9\"", 1),
        ("thingTypeName:kind", 10),
        ("thingGroupNames:hall", 5),
        ("thingGroupNames:billed", 4),
        ("thingGroupNames:none", 0),
        ("thingTypeName:none", 0),
        ("connectivity.connected:true", 3),
        ("connectivity.connected:true thingTypeName:kind attributes.n>0", 2),
        ("thingGroupNames:hall AND thingName:lamp-1*", 0),
        ("attributes.color:Red*", 1),
        ("attributes.color:\"red-1\"", 1),
        ("attributes.color:RED-1 attributes.n:1", 1),
        ("attributes.n:1.0", 3),
        ("attributes.colo:*", 0),
        ("*", 45),
    ] {
        let (narrow, _) = find(store, query, 100).await;
        let (whole, _) = find(store, &format!("NOT NOT ({query} OR thingName:none)"), 100).await;
        assert_eq!(narrow, whole, "{query}");
        assert_eq!(narrow.len(), count, "{query}");
        // However small the pages are.
        let (pages, _) = find(store, query, 2).await;
        assert_eq!(pages, narrow, "{query}");
    }
}

pub(crate) async fn one_call_looks_at_a_bounded_number_of_things(registry: Registry) {
    let store = &registry.store;
    index(store).await;
    make_things(store, "t", 1200).await;
    let (found, calls) = find(store, "attributes.n:1199", 100).await;
    assert_eq!((found.len(), calls), (1, 3));
    // What cannot fit by its text is passed over without being read.
    let (found, calls) = find(store, "attributes.site:*", 100).await;
    assert_eq!((found.len(), calls), (0, 1));
    let query = Query::parse("*").unwrap();
    let foreign = store.find_things(&query, Some("x"), 1).await;
    assert_eq!(code(foreign), ErrorCode::InvalidRequest);
}

pub(crate) async fn a_large_fleet_enters_its_groups_in_steps(registry: Registry) {
    let store = &registry.store;
    index(store).await;
    make_things(store, "t", 2500).await;
    assert_eq!(make_dynamic(store, "small", "attributes.n<10").await, GroupStatus::Building);
    assert_eq!(make_dynamic(store, "all", "thingName:t*").await, GroupStatus::Building);
    let mut steps = 0;
    while store.follow_membership().await.unwrap() {
        steps += 1;
        assert!(steps < 100);
    }
    assert!(steps > 1);
    for (name, count) in [("small", 10), ("all", 2500)] {
        assert_eq!(status(store, name).await, GroupStatus::Active);
        assert_eq!(members(store, name).await, count);
    }
    let change =
        DynamicGroupUpdate { query: Some("attributes.n<5".to_owned()), ..Default::default() };
    store.update_dynamic_thing_group(group("all"), change).await.unwrap();
    assert_eq!(status(store, "all").await, GroupStatus::Rebuilding);
    while store.follow_membership().await.unwrap() {}
    assert_eq!(members(store, "all").await, 5);
    assert_eq!(status(store, "all").await, GroupStatus::Active);
}

pub(crate) async fn a_change_of_many_things_at_once_is_followed(registry: Registry) {
    let store = &registry.store;
    index(store).await;
    make_things(store, "t", 1200).await;
    registry.group("hall", None).await;
    make_dynamic(store, "of-hall", "thingGroupNames:hall").await;
    while store.follow_membership().await.unwrap() {}
    let mut entering = tokio::task::JoinSet::new();
    for n in 0..1200 {
        let (store, name) = (store.clone(), thing(&format!("t{n}")));
        entering.spawn(async move {
            store.add_thing_to_thing_group(name, group("hall"), false).await.unwrap();
        });
    }
    entering.join_all().await;
    assert_eq!(members(store, "of-hall").await, 1200);
    store.delete_thing_group(group("hall"), None).await.unwrap();
    while store.follow_membership().await.unwrap() {}
    assert_eq!(members(store, "of-hall").await, 0);
}

pub(crate) async fn what_is_told_late_of_an_earlier_connection_is_too_late(registry: Registry) {
    let store = &registry.store;
    index(store).await;
    let name = registry.thing("t").await;
    let tell = async |turn, connected| {
        let facts = ConnectionFacts {
            keep_alive: 60,
            source: ("a".to_owned(), 1),
            target: None,
            session_expiry: 0,
            clean: true,
        };
        let presence = Presence { connection: Some(facts), ..seen(turn, connected) };
        store.record_presence(vec![("t".to_owned(), presence)]).await.unwrap();
        let found = store.presence(&name).await.unwrap().unwrap();
        (found.turn, found.connected)
    };
    assert_eq!(store.presence(&name).await.unwrap(), None);
    assert_eq!(tell(1, true).await, (1, true));
    assert_eq!(tell(2, true).await, (2, true));
    assert_eq!(tell(1, false).await, (2, true));
    assert_eq!(tell(2, false).await, (2, false));
    assert_eq!(tell(2, true).await, (2, false));
    assert_eq!(tell(3, true).await, (3, true));
    store.forget_connections(NOW).await.unwrap();
    let found = store.presence(&name).await.unwrap().unwrap();
    assert_eq!((found.connected, found.reason.as_deref()), (false, Some("SERVER_ERROR")));
    // A client without a thing leaves nothing.
    store.record_presence(vec![("nobody".to_owned(), seen(9, true))]).await.unwrap();
    let missing = store.presence(&thing("nobody")).await;
    assert_eq!(code(missing), ErrorCode::ResourceNotFound);
}

pub(crate) async fn a_registration_that_replaces_groups_leaves_dynamic_ones_alone(
    registry: Registry,
) {
    let store = &registry.store;
    index(store).await;
    registry.thing("t").await;
    for name in ["old", "new"] {
        registry.group(name, None).await;
    }
    store.add_thing_to_thing_group(thing("t"), group("old"), false).await.unwrap();
    make_dynamic(store, "dynamic", "thingName:t").await;
    registry.pending(1).await;
    let mut plan = plan(1, "t");
    if let Some(plan) = &mut plan.thing {
        plan.groups = Some([group("new")].into());
        plan.on_existing.groups = Override::Replace;
    }
    store.apply_registration(registration(1, plan)).await.unwrap();
    let groups = store.groups_of_thing(&thing("t")).await.unwrap();
    assert_eq!(groups, ["dynamic", "new"].map(group));
}

pub(crate) async fn a_refused_write_moves_nobody(registry: Registry) {
    let store = &registry.store;
    index(store).await;
    store.create_thing(new_thing("t", &[("hot", "1")]), NOW).await.unwrap();
    make_dynamic(store, "hot", "attributes.hot:1").await;
    let cold = ThingUpdate {
        attributes: Some((attributes(&[("hot", "0")]), false)),
        expected_version: Some(7),
        ..Default::default()
    };
    let refused = store.update_thing(thing("t"), cold).await;
    assert_eq!(code(refused), ErrorCode::VersionConflict);
    assert_eq!(members(store, "hot").await, 1);
}
