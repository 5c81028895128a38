use fleetwright_core::certificate::CertificateStatus::Active;
use fleetwright_core::propagation::PropagatingAttribute;
use fleetwright_store::{Change, PolicyTarget, ThingTypeUpdate};

use crate::support::{DOCUMENT, NOW, Registry, group, id, new_thing, thing};

pub(crate) async fn a_thing_binds_by_its_name_when_attached(registry: Registry) {
    let row = registry.certificate(1, Active).await;
    let kind = registry.thing_type("lamp").await;
    for name in ["a", "b"] {
        let mut new = new_thing(name, &[("room", name)]);
        new.type_name = Some(kind.clone());
        registry.store.create_thing(new, NOW).await.unwrap();
        registry.store.attach_thing_principal(thing(name), id(1), false).await.unwrap();
    }
    let found = registry.store.effective_policies(row, "b").await.unwrap();
    let bound = found.thing.unwrap();
    assert_eq!((bound.name, bound.type_name), (thing("b"), Some(kind)));
    assert_eq!(bound.attributes.into_iter().collect::<Vec<_>>(), [("room".into(), "b".into())]);
    assert!(found.is_attached);
}

pub(crate) async fn an_unattached_thing_does_not_bind(registry: Registry) {
    let row = registry.certificate(1, Active).await;
    let own = registry.policy("own").await;
    registry.attach(&own, 1).await;
    registry.thing("a").await;
    registry.thing("b").await;
    registry.store.attach_thing_principal(thing("a"), id(1), false).await.unwrap();
    for client_id in ["b", "A", "none"] {
        let found = registry.store.effective_policies(row, client_id).await.unwrap();
        assert!(found.thing.is_none() && !found.is_attached, "{client_id}");
        assert_eq!(found.policies.len(), 1);
    }
}

pub(crate) async fn an_exclusive_thing_binds_whatever_the_client_id(registry: Registry) {
    let row = registry.certificate(1, Active).await;
    registry.thing("a").await;
    registry.thing("b").await;
    registry.store.attach_thing_principal(thing("a"), id(1), true).await.unwrap();
    for client_id in ["a", "b", "none"] {
        let found = registry.store.effective_policies(row, client_id).await.unwrap();
        assert!(found.is_exclusive);
        assert_eq!(found.thing.unwrap().name, thing("a"), "{client_id}");
    }
    registry.store.detach_thing_principal(thing("a"), id(1)).await.unwrap();
    registry.store.attach_thing_principal(thing("a"), id(1), false).await.unwrap();
    assert!(!registry.store.effective_policies(row, "a").await.unwrap().is_exclusive);
}

pub(crate) async fn a_bound_things_type_says_what_travels_with_its_messages(registry: Registry) {
    let row = registry.certificate(1, Active).await;
    let kind = registry.thing_type("lamp").await;
    let mut new = new_thing("t", &[]);
    new.type_name = Some(kind.clone());
    registry.store.create_thing(new, NOW).await.unwrap();
    registry.store.attach_thing_principal(thing("t"), id(1), false).await.unwrap();
    assert!(registry.store.effective_policies(row, "t").await.unwrap().propagating.is_empty());
    let rule = PropagatingAttribute::parse("device", None, Some("iot:ClientId")).unwrap();
    let update =
        ThingTypeUpdate { propagating: Some(vec![rule.clone()]), ..ThingTypeUpdate::default() };
    registry.store.update_thing_type(kind.clone(), update).await.unwrap();
    assert!(registry.heard().contains(&Change::ThingType(kind)));
    assert_eq!(registry.store.effective_policies(row, "t").await.unwrap().propagating, [rule]);
    assert!(registry.store.effective_policies(row, "other").await.unwrap().propagating.is_empty());
}

pub(crate) async fn policies_of_a_things_groups_and_their_ancestors_apply(registry: Registry) {
    let row = registry.certificate(1, Active).await;
    registry.thing("t").await;
    registry.store.attach_thing_principal(thing("t"), id(1), false).await.unwrap();
    registry.group("top", None).await;
    registry.group("mid", Some("top")).await;
    registry.group("low", Some("mid")).await;
    registry.group("beside", Some("top")).await;
    for (name, to) in [("of-top", "top"), ("of-low", "low"), ("of-beside", "beside")] {
        let name = registry.policy(name).await;
        registry.store.attach_policy(name, PolicyTarget::ThingGroup(group(to))).await.unwrap();
    }
    // The same policy on the certificate and on a group applies once.
    let own = registry.policy("own").await;
    registry.attach(&own, 1).await;
    let target = PolicyTarget::ThingGroup(group("mid"));
    registry.store.attach_policy(own, target).await.unwrap();
    registry.store.add_thing_to_thing_group(thing("t"), group("low"), false).await.unwrap();
    let names = |client_id: &'static str| {
        let store = registry.store.clone();
        async move {
            let found = store.effective_policies(row, client_id).await.unwrap();
            let mut names: Vec<_> = found.policies.iter().map(|p| p.name.to_string()).collect();
            names.sort();
            names
        }
    };
    assert_eq!(names("t").await, ["of-low", "of-top", "own"]);
    assert_eq!(names("other").await, ["own"]);
}

pub(crate) async fn a_new_default_version_applies(registry: Registry) {
    let row = registry.certificate(1, Active).await;
    let name = registry.policy("p").await;
    registry.attach(&name, 1).await;
    registry.heard();
    let version = registry
        .store
        .create_policy_version(name, "{\"new\":1}".to_owned(), true, NOW)
        .await
        .unwrap();
    let found = registry.store.effective_policies(row, "x").await.unwrap();
    let policy = &found.policies[0];
    assert_eq!(policy.version, version.version);
    assert_eq!(registry.heard(), [Change::Policy(policy.row)]);
    let text = registry.store.policy_document(policy.row, 2).await.unwrap().unwrap();
    assert_eq!(text, "{\"new\":1}");
    let text = registry.store.policy_document(policy.row, 1).await.unwrap().unwrap();
    assert_eq!(text, DOCUMENT);
    assert_eq!(registry.store.policy_document(policy.row, 3).await.unwrap(), None);
}
