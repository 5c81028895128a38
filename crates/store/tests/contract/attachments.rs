use fleetwright_core::certificate::CertificateStatus::Active;
use fleetwright_core::error::ErrorCode;
use fleetwright_store::PolicyTarget;

use crate::support::{Registry, code, group, id, policy};

pub(crate) async fn the_eleventh_policy_of_a_certificate_is_refused(registry: Registry) {
    let row = registry.certificate(1, Active).await;
    for n in 0..10 {
        let name = registry.policy(&format!("p{n}")).await;
        registry.attach(&name, 1).await;
    }
    let eleventh = registry.policy("p10").await;
    let target = PolicyTarget::Certificate(id(1));
    let refused = registry.store.attach_policy(eleventh, target.clone()).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
    assert_eq!(registry.store.policies_for_certificate(row).await.unwrap().len(), 10);
    // One that is attached already is not an eleventh.
    registry.store.attach_policy(policy("p3"), target).await.unwrap();
}

pub(crate) async fn the_third_policy_of_a_group_is_refused(registry: Registry) {
    registry.group("g", None).await;
    let target = PolicyTarget::ThingGroup(group("g"));
    for n in 0..2 {
        let name = registry.policy(&format!("p{n}")).await;
        registry.store.attach_policy(name, target.clone()).await.unwrap();
    }
    let third = registry.policy("p2").await;
    let refused = registry.store.attach_policy(third, target).await;
    assert_eq!(code(refused), ErrorCode::LimitExceeded);
}

pub(crate) async fn attaching_and_detaching_twice_is_harmless(registry: Registry) {
    let row = registry.certificate(1, Active).await;
    let name = registry.policy("p").await;
    let target = PolicyTarget::Certificate(id(1));
    registry.attach(&name, 1).await;
    registry.attach(&name, 1).await;
    assert_eq!(registry.store.policies_for_certificate(row).await.unwrap(), [policy("p")]);
    registry.store.detach_policy(name.clone(), target.clone()).await.unwrap();
    registry.store.detach_policy(name, target.clone()).await.unwrap();
    let page = registry.store.attached_policies(target, false, None, 10).await.unwrap();
    assert!(page.items.is_empty());
    let unknown = registry.store.attach_policy(policy("none"), PolicyTarget::Certificate(id(1)));
    assert_eq!(code(unknown.await), ErrorCode::ResourceNotFound);
}

pub(crate) async fn attached_policies_of_a_group_include_its_ancestors_when_asked(
    registry: Registry,
) {
    registry.group("top", None).await;
    registry.group("below", Some("top")).await;
    for (name, to) in [("above", "top"), ("own", "below")] {
        let name = registry.policy(name).await;
        registry.store.attach_policy(name, PolicyTarget::ThingGroup(group(to))).await.unwrap();
    }
    let target = PolicyTarget::ThingGroup(group("below"));
    let own = registry.store.attached_policies(target.clone(), false, None, 10).await.unwrap();
    assert_eq!(own.items, [policy("own")]);
    let all = registry.store.attached_policies(target.clone(), true, None, 1).await.unwrap();
    assert_eq!(all.items, [policy("above")]);
    let rest = registry.store.attached_policies(target, true, all.next, 1).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![policy("own")], None));
}

pub(crate) async fn targets_of_a_policy_are_certificates_then_groups(registry: Registry) {
    let name = registry.policy("p").await;
    let mut expected = Vec::new();
    for n in 1..=3 {
        registry.certificate(n, Active).await;
        registry.attach(&name, n).await;
        expected.push(PolicyTarget::Certificate(id(n)));
    }
    for text in ["g1", "g2"] {
        let target = PolicyTarget::ThingGroup(registry.group(text, None).await);
        registry.store.attach_policy(name.clone(), target.clone()).await.unwrap();
        expected.push(target);
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = registry.store.policy_targets(&name, after, 2).await.unwrap();
        found.extend(page.items);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(found, expected);
}
