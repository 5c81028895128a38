use std::collections::BTreeMap;

use fleetwright_core::ca_certificate::CaCertificateStatus;
use fleetwright_core::certificate::{CertificateMode, CertificateStatus};
use fleetwright_core::event::EventType;
use fleetwright_core::fleet_index::{ThingIndexing, ThingIndexingMode};
use fleetwright_core::names::{BillingGroupName, ThingTypeName};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{
    CaCertificateUpdate, Change, DynamicGroupUpdate, EventSubject, NewBillingGroup,
    NewCaCertificate, NewThing, RegistrationConfig, ThingTypeUpdate, ThingUpdate, TypeUpdate, Uuid,
};

use crate::support::{
    DOCUMENT, NOW, Registry, UNTIL, attributes, group, id, new_group, new_thing, plan, policy,
    registration, thing,
};

async fn publish(registry: &Registry, kinds: &[EventType], on: bool) {
    let kinds = kinds.iter().map(|kind| (*kind, on)).collect();
    registry.store.update_event_configurations(kinds, NOW).await.unwrap();
}

/// The events since the last call, a line each.
fn told(registry: &Registry) -> Vec<String> {
    let event = |change: Change| match change {
        Change::Registry(event) => {
            Some(format!("{} {}", event.operation.as_str(), line(&event.subject)))
        }
        _ => None,
    };
    registry.heard().into_iter().filter_map(event).collect()
}

fn line(subject: &EventSubject) -> String {
    match subject {
        EventSubject::Thing { thing, id, version, type_name, attributes } => {
            format!("thing {thing} {} v{version} {type_name:?} {attributes:?}", short(id))
        }
        EventSubject::Association { thing, id, type_name } => {
            format!("type {type_name} of {thing} {}", short(id))
        }
        EventSubject::ThingType { type_name, id, deprecated, searchable, description } => {
            format!("type {type_name} {} {deprecated:?} {searchable:?} {description:?}", short(id))
        }
        EventSubject::Group { group, id, version, description, attributes, above } => {
            let above: Vec<&str> = above.iter().map(|(name, _)| name.as_str()).collect();
            format!(
                "group {group} {} v{version} {description:?} {attributes:?} {above:?}",
                short(id)
            )
        }
        EventSubject::Membership { group, group_id, thing, thing_id } => {
            format!("member {thing} {} of {group} {}", short(thing_id), short(group_id))
        }
        EventSubject::Hierarchy { group, id, child, child_id } => {
            format!("child {child} {} of {group} {}", short(child_id), short(id))
        }
        EventSubject::Certificate { certificate, status, ca } => {
            let ca = ca.as_ref().map(|ca| ca[..8].to_owned());
            format!("certificate {} {status} {ca:?}", &certificate[..8])
        }
        EventSubject::CaCertificate { certificate, status, auto_registration, version } => {
            format!("ca {} {status} {auto_registration} v{version}", &certificate[..8])
        }
        EventSubject::Policy { policy, version } => format!("policy {policy} v{version}"),
        EventSubject::Job { job, .. } => format!("job {job}"),
        EventSubject::JobExecution { job, thing, .. } => format!("job {job} of {thing}"),
    }
}

fn short(id: &Uuid) -> String {
    id.to_string()[..2].to_owned()
}

fn type_name(text: &str) -> ThingTypeName {
    ThingTypeName::parse(text).unwrap()
}

fn typed(name: &str, kind: &str) -> NewThing {
    NewThing { type_name: Some(type_name(kind)), ..new_thing(name, &[("a", "1")]) }
}

pub(crate) async fn things_and_their_types_are_told(registry: Registry) {
    let store = &registry.store;
    publish(&registry, EventType::ALL, true).await;
    registry.thing_type("lamp").await;
    registry.thing_type("bulb").await;
    store.create_thing(typed("t", "lamp"), NOW).await.unwrap();
    store.create_thing(typed("t", "lamp"), NOW).await.unwrap();
    assert_eq!(
        told(&registry),
        [
            "CREATED type lamp 01 None [] None",
            "CREATED type bulb 01 None [] None",
            "ADDED type lamp of t 09",
            "CREATED thing t 09 v1 Some(\"lamp\") {\"a\": \"1\"}",
        ]
    );

    let retype = |type_name| ThingUpdate { type_name, ..ThingUpdate::default() };
    let to = TypeUpdate::Set(type_name("bulb"));
    store.update_thing(thing("t"), retype(to)).await.unwrap();
    store.update_thing(thing("t"), retype(TypeUpdate::Keep)).await.unwrap();
    store.update_thing(thing("t"), retype(TypeUpdate::Remove)).await.unwrap();
    let stale = ThingUpdate { expected_version: Some(1), ..ThingUpdate::default() };
    store.update_thing(thing("t"), stale).await.unwrap_err();
    let to = TypeUpdate::Set(type_name("lamp"));
    store.update_thing(thing("t"), retype(to)).await.unwrap();
    store.delete_thing(thing("t"), None, NOW).await.unwrap();
    store.delete_thing(thing("t"), None, NOW).await.unwrap();
    assert_eq!(
        told(&registry),
        [
            "REMOVED type lamp of t 09",
            "ADDED type bulb of t 09",
            "UPDATED thing t 09 v2 Some(\"bulb\") {\"a\": \"1\"}",
            "UPDATED thing t 09 v3 Some(\"bulb\") {\"a\": \"1\"}",
            "REMOVED type bulb of t 09",
            "UPDATED thing t 09 v4 None {\"a\": \"1\"}",
            "ADDED type lamp of t 09",
            "UPDATED thing t 09 v5 Some(\"lamp\") {\"a\": \"1\"}",
            "REMOVED type lamp of t 09",
            "DELETED thing t 09 v5 Some(\"lamp\") {\"a\": \"1\"}",
        ]
    );

    let update = ThingTypeUpdate { propagating: Some(Vec::new()), ..ThingTypeUpdate::default() };
    store.update_thing_type(type_name("bulb"), update).await.unwrap();
    store.deprecate_thing_type(type_name("bulb"), false, NOW).await.unwrap();
    store.deprecate_thing_type(type_name("bulb"), true, NOW).await.unwrap();
    store.deprecate_thing_type(type_name("bulb"), false, NOW).await.unwrap();
    let later = NOW.plus_millis(600_000);
    store.delete_thing_type(type_name("bulb"), later).await.unwrap();
    let deprecated = format!("type bulb 01 Some({}) [] None", NOW.0);
    assert_eq!(
        told(&registry),
        [
            "UPDATED type bulb 01 None [] None",
            &format!("UPDATED {deprecated}"),
            "UPDATED type bulb 01 None [] None",
            &format!("UPDATED {deprecated}"),
            &format!("DELETED {deprecated}"),
        ]
    );
}

pub(crate) async fn groups_and_their_members_are_told(registry: Registry) {
    let store = &registry.store;
    registry.thing("t").await;
    registry.thing("u").await;
    registry.heard();
    publish(&registry, EventType::ALL, true).await;
    registry.group("top", None).await;
    registry.group("mid", Some("top")).await;
    registry.group("low", Some("mid")).await;
    registry.group("low", Some("mid")).await;
    for name in ["t", "t", "u"] {
        store.add_thing_to_thing_group(thing(name), group("low"), false).await.unwrap();
    }
    // Refused after the row was written: one group of a hierarchy.
    store.add_thing_to_thing_group(thing("t"), group("mid"), false).await.unwrap_err();
    assert_eq!(
        told(&registry),
        [
            "CREATED group top 02 v1 None {} []",
            "ADDED child mid 02 of top 02",
            "CREATED group mid 02 v1 None {} [\"top\"]",
            "ADDED child low 02 of mid 02",
            "CREATED group low 02 v1 None {} [\"top\", \"mid\"]",
            "ADDED member t 09 of low 02",
            "ADDED member u 09 of low 02",
        ]
    );

    let to = Some((attributes(&[("k", "v")]), true));
    store.update_thing_group(group("low"), Some("d".to_owned()), to, None).await.unwrap();
    store.remove_thing_from_thing_group(thing("u"), group("low")).await.unwrap();
    store.remove_thing_from_thing_group(thing("u"), group("low")).await.unwrap();
    let (add, remove) = (vec![group("mid")], vec![group("low")]);
    store.update_thing_groups_for_thing(thing("t"), add, remove, false).await.unwrap();
    store.add_thing_to_thing_group(thing("u"), group("mid"), false).await.unwrap();
    assert_eq!(
        told(&registry),
        [
            "UPDATED group low 02 v2 Some(\"d\") {\"k\": \"v\"} [\"top\", \"mid\"]",
            "REMOVED member u 09 of low 02",
            "REMOVED member t 09 of low 02",
            "ADDED member t 09 of mid 02",
            "ADDED member u 09 of mid 02",
        ]
    );

    store.delete_thing(thing("t"), None, NOW).await.unwrap();
    store.delete_thing_group(group("mid"), None).await.unwrap_err();
    store.delete_thing_group(group("low"), None).await.unwrap();
    store.delete_thing_group(group("mid"), None).await.unwrap();
    assert_eq!(
        told(&registry),
        [
            "REMOVED member t 09 of mid 02",
            "DELETED thing t 09 v1 None {}",
            "REMOVED child low 02 of mid 02",
            "DELETED group low 02 v2 Some(\"d\") {\"k\": \"v\"} [\"top\", \"mid\"]",
            "REMOVED member u 09 of mid 02",
            "REMOVED child mid 02 of top 02",
            "DELETED group mid 02 v1 None {} [\"top\"]",
        ]
    );
}

pub(crate) async fn members_of_dynamic_groups_are_told_with_the_change_that_moves_them(
    registry: Registry,
) {
    let store = &registry.store;
    let things = ThingIndexing { mode: ThingIndexingMode::Registry, ..ThingIndexing::default() };
    store.update_indexing_configuration(Some(things), None).await.unwrap();
    registry.thing("a1").await;
    registry.heard();
    publish(&registry, EventType::ALL, true).await;
    let made = store.create_dynamic_thing_group(
        new_group("dyn", None),
        "thingName:a* OR thingGroupNames:fixed".to_owned(),
        NOW,
    );
    made.await.unwrap();
    registry.thing("a2").await;
    registry.thing("b").await;
    registry.group("fixed", None).await;
    store.add_thing_to_thing_group(thing("b"), group("fixed"), false).await.unwrap();
    assert_eq!(
        told(&registry),
        [
            "CREATED group dyn 02 v1 None {} []",
            "ADDED member a1 09 of dyn 02",
            "CREATED thing a2 09 v1 None {}",
            "ADDED member a2 09 of dyn 02",
            "CREATED thing b 09 v1 None {}",
            "CREATED group fixed 02 v1 None {} []",
            "ADDED member b 09 of fixed 02",
            "ADDED member b 09 of dyn 02",
        ]
    );
    store.delete_thing_group(group("fixed"), None).await.unwrap();
    store.delete_thing(thing("a2"), None, NOW).await.unwrap();
    let query = DynamicGroupUpdate { query: Some("thingName:b".to_owned()), ..Default::default() };
    store.update_dynamic_thing_group(group("dyn"), query).await.unwrap();
    store.delete_dynamic_thing_group(group("dyn"), None).await.unwrap();
    assert_eq!(
        told(&registry),
        [
            "REMOVED member b 09 of fixed 02",
            "DELETED group fixed 02 v1 None {} []",
            "REMOVED member b 09 of dyn 02",
            "REMOVED member a2 09 of dyn 02",
            "DELETED thing a2 09 v1 None {}",
            "UPDATED group dyn 02 v2 None {} []",
            "REMOVED member a1 09 of dyn 02",
            "ADDED member b 09 of dyn 02",
            "REMOVED member b 09 of dyn 02",
            "DELETED group dyn 02 v2 None {} []",
        ]
    );
}

pub(crate) async fn certificates_and_policies_are_told(registry: Registry) {
    let store = &registry.store;
    publish(&registry, EventType::ALL, true).await;
    let ca = NewCaCertificate {
        id: id(9),
        der: vec![9],
        subject: [9; 32],
        status: CaCertificateStatus::Active,
        mode: CertificateMode::SniOnly,
        auto_registration: true,
        config: RegistrationConfig::default(),
        not_before: NOW,
        not_after: UNTIL,
        tags: BTreeMap::new(),
    };
    store.register_ca_certificate(ca, NOW).await.unwrap();
    let off = CaCertificateUpdate {
        status: Some(CaCertificateStatus::Inactive),
        config: Some(RegistrationConfig::default()),
        ..CaCertificateUpdate::default()
    };
    store.update_ca_certificate(id(9), off, NOW).await.unwrap();
    store.delete_ca_certificate(id(9)).await.unwrap();
    registry.certificate(1, CertificateStatus::Active).await;
    for status in [CertificateStatus::Active, CertificateStatus::Inactive] {
        store.update_certificate_status(id(1), status, NOW).await.unwrap();
    }
    store.delete_certificate(id(1), false).await.unwrap();
    registry.pending(2).await;
    registry.pending(3).await;
    assert_eq!(store.purge_expired(UNTIL.plus_millis(1), 10).await.unwrap().0, 2);
    assert_eq!(
        told(&registry),
        [
            "CREATED ca 00000009 ACTIVE true v1",
            "UPDATED ca 00000009 INACTIVE true v2",
            "DELETED ca 00000009 INACTIVE true v2",
            "CREATED certificate 00000001 ACTIVE None",
            "UPDATED certificate 00000001 INACTIVE None",
            "DELETED certificate 00000001 INACTIVE None",
            "CREATED certificate 00000002 PENDING_ACTIVATION None",
            "CREATED certificate 00000003 PENDING_ACTIVATION None",
            "DELETED certificate 00000002 PENDING_ACTIVATION None",
            "DELETED certificate 00000003 PENDING_ACTIVATION None",
        ]
    );

    let name = registry.policy("p").await;
    let document = || DOCUMENT.to_owned();
    store.create_policy_version(name.clone(), document(), false, NOW).await.unwrap();
    store.set_default_policy_version(name.clone(), 2, NOW).await.unwrap();
    store.set_default_policy_version(name.clone(), 2, NOW).await.unwrap();
    store.delete_policy_version(name.clone(), 1, NOW).await.unwrap();
    store.create_policy_version(name.clone(), document(), true, NOW).await.unwrap();
    store.delete_policy_version(name.clone(), 2, NOW).await.unwrap();
    store.delete_policy(policy("p")).await.unwrap();
    assert_eq!(
        told(&registry),
        [
            "CREATED policy p v1",
            "UPDATED policy p v2",
            "UPDATED policy p v3",
            "DELETED policy p v3",
        ]
    );
}

pub(crate) async fn a_registration_and_billing_groups_are_told(registry: Registry) {
    let store = &registry.store;
    registry.thing_type("lamp").await;
    registry.group("g", None).await;
    let billing = BillingGroupName::parse("b").unwrap();
    let new = NewBillingGroup {
        name: billing.clone(),
        id: Uuid([3; 16]),
        description: None,
        tags: BTreeMap::new(),
    };
    store.create_billing_group(new, NOW).await.unwrap();
    registry.pending(1).await;
    registry.heard();
    publish(&registry, EventType::ALL, true).await;
    let mut plan = plan(1, "t");
    let planned = plan.thing.as_mut().unwrap();
    planned.type_name = Some(type_name("lamp"));
    planned.groups = Some(vec![group("g")]);
    planned.billing_group = Some(billing.clone());
    store.apply_registration(registration(1, plan)).await.unwrap();
    store.remove_thing_from_billing_group(thing("t"), None).await.unwrap();
    store.add_thing_to_billing_group(thing("t"), billing.clone()).await.unwrap();
    store.delete_billing_group(billing, None).await.unwrap();
    assert_eq!(
        told(&registry),
        [
            "ADDED type lamp of t 01",
            "CREATED thing t 01 v1 Some(\"lamp\") {}",
            "ADDED member t 01 of g 02",
            "UPDATED certificate 00000001 ACTIVE None",
            "UPDATED thing t 01 v2 Some(\"lamp\") {}",
            "UPDATED thing t 01 v3 Some(\"lamp\") {}",
        ]
    );
}

pub(crate) async fn only_the_kinds_that_are_on_are_told(registry: Registry) {
    let store = &registry.store;
    registry.thing_type("lamp").await;
    store.create_thing(typed("t", "lamp"), NOW).await.unwrap();
    assert!(told(&registry).is_empty());
    publish(&registry, &[EventType::ThingTypeAssociation], true).await;
    publish(&registry, &[EventType::Thing], false).await;
    store.create_thing(typed("u", "lamp"), NOW).await.unwrap();
    assert_eq!(told(&registry), ["ADDED type lamp of u 09"]);
    publish(&registry, &[EventType::ThingTypeAssociation], false).await;
    store.delete_thing(thing("u"), None, NOW).await.unwrap();
    assert!(told(&registry).is_empty());
}

pub(crate) async fn a_large_groups_members_are_told_over_several_commits(registry: Registry) {
    const THINGS: usize = 5_000;
    let store = &registry.store;
    registry.group("g", None).await;
    registry.sql(&format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {THINGS}) \
         INSERT INTO things (name, thing_id, attributes, version, created) \
         SELECT 't' || i, zeroblob(16), '{{}}', 1, 0 FROM n; \
         INSERT INTO thing_group_members (thing_row, group_row) \
         SELECT t.row_id, g.row_id FROM things t, thing_groups g;"
    ));
    registry.heard();
    publish(&registry, EventType::ALL, true).await;
    store.delete_thing_group(group("g"), None).await.unwrap();
    let first = told(&registry);
    assert_eq!(first.len(), 4096);
    registry.group("h", None).await;
    while store.follow_membership().await.unwrap() {}
    let mut all = first;
    all.extend(told(&registry));
    assert_eq!(all.len(), THINGS + 2);
    assert_eq!(all[0], "REMOVED member t1 00 of g 02");
    assert_eq!(all[THINGS - 1], format!("REMOVED member t{THINGS} 00 of g 02"));
    assert_eq!(
        all[THINGS..],
        ["DELETED group g 02 v1 None {} []", "CREATED group h 02 v1 None {} []"]
    );
}

pub(crate) async fn events_wait_on_disk_for_the_next_start(registry: Registry) {
    publish(&registry, EventType::ALL, true).await;
    registry.sql(
        "INSERT INTO registry_events (kind, operation, subject) \
         VALUES ('POLICY', 'CREATED', json_object('policy', 'p', 'version', 1)), \
         ('THING_GROUP', 'UPDATED', '{\"group\":\"g\",\"id\":\"02030405060708091011121314151617\",\"version\":2,\
         \"description\":null,\"attributes\":{},\"parent_row\":1,\"above\":[[\"top\",\
         \"02030405060708091011121314151617\"]]}')",
    );
    let reopened = registry.opened_after_a_crash();
    reopened.store.saw_time(Timestamp(1)).await.unwrap();
    let group = "UPDATED group g 02 v2 None {} [\"top\"]";
    assert_eq!(told(&reopened), ["CREATED policy p v1", group]);
}
