use fleetwright_core::certificate::CertificateStatus::{Active, Inactive, Revoked};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::{BillingGroupName, ThingTypeName};
use fleetwright_core::ownership::{RequestDigest, TokenDigest};
use fleetwright_core::plan::{Override, PolicyPlan, ProvisioningPlan};
use fleetwright_store::Change;

use crate::support::{
    DOCUMENT, NOW, Registry, UNTIL, attributes, code, group, id, message, plan, policy,
    registration, thing,
};

fn existing(name: &str) -> PolicyPlan {
    PolicyPlan::Existing { logical_name: "policy".to_owned(), name: policy(name) }
}

fn from_document(document: &str) -> PolicyPlan {
    PolicyPlan::FromDocument {
        logical_name: "policy".to_owned(),
        name: policy("2A6577675B7CD1823E271C7AAD8184F44630FFD7"),
        document: document.to_owned(),
    }
}

pub(crate) async fn a_plan_is_applied_whole(registry: Registry) {
    let row = registry.pending(1).await;
    registry.policy("p").await;
    registry.group("g", None).await;
    let kind = registry.thing_type("lamp").await;
    let mut plan = plan(1, "t");
    plan.policies = vec![existing("p"), from_document(DOCUMENT)];
    plan.certificate.exclusive = true;
    let wanted = plan.thing.as_mut().unwrap();
    wanted.attributes = Some(attributes(&[("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]));
    wanted.type_name = Some(kind.clone());
    wanted.groups = Some(vec![group("g")]);
    let registered = registry.store.apply_registration(registration(1, plan)).await.unwrap();
    assert!(registered.created && registered.replay.is_none());
    assert_eq!((registered.thing, registered.status), (Some(thing("t")), Active));
    let found = registry.store.thing(&thing("t")).await.unwrap().unwrap();
    assert_eq!((found.type_name, found.attributes.len(), found.version), (Some(kind), 4, 1));
    assert_eq!(registry.store.groups_of_thing(&thing("t")).await.unwrap(), [group("g")]);
    assert_eq!(registry.store.policies_for_certificate(row).await.unwrap().len(), 2);
    let principals = registry.store.thing_principals(&thing("t"), None, None, 9).await.unwrap();
    assert!(principals.items[0].exclusive && principals.items[0].certificate == id(1));
}

pub(crate) async fn the_same_request_gets_the_same_answer_and_nothing_new(registry: Registry) {
    registry.pending(1).await;
    registry.store.apply_registration(registration(1, plan(1, "t"))).await.unwrap();
    registry.heard();
    let again = registry.store.apply_registration(registration(1, plan(1, "t"))).await.unwrap();
    assert_eq!(again.replay.as_deref(), Some(&b"answer 1"[..]));
    assert!(!again.created && registry.heard().is_empty());
    assert_eq!(registry.store.thing(&thing("t")).await.unwrap().unwrap().version, 1);
    let state = registry.store.token_state(id(1).0).await.unwrap().unwrap();
    assert_eq!(state.spent.unwrap().answer, b"answer 1");
}

pub(crate) async fn another_request_with_a_spent_token_is_refused(registry: Registry) {
    registry.pending(1).await;
    registry.store.apply_registration(registration(1, plan(1, "t"))).await.unwrap();
    let mut other = registration(1, plan(1, "u"));
    other.token.as_mut().unwrap().request = RequestDigest([5; 32]);
    let refused = registry.store.apply_registration(other).await;
    assert_eq!(code(refused), ErrorCode::InvalidToken);
    assert_eq!(registry.store.thing(&thing("u")).await.unwrap(), None);
}

pub(crate) async fn an_expired_token_is_refused(registry: Registry) {
    registry.pending(1).await;
    let mut late = registration(1, plan(1, "t"));
    late.now = UNTIL.plus_millis(1);
    let refused = registry.store.apply_registration(late).await;
    assert_eq!(code(refused), ErrorCode::InvalidToken);
    let mut last = registration(1, plan(1, "t"));
    last.now = UNTIL;
    registry.store.apply_registration(last).await.unwrap();
}

pub(crate) async fn a_foreign_token_is_refused(registry: Registry) {
    registry.pending(1).await;
    registry.pending(2).await;
    let foreign = registry.store.apply_registration(registration(1, plan(2, "t"))).await;
    assert_eq!(code(foreign), ErrorCode::InvalidToken);
    let mut unknown = registration(1, plan(1, "t"));
    unknown.token.as_mut().unwrap().digest = TokenDigest([8; 32]);
    let refused = registry.store.apply_registration(unknown).await;
    assert_eq!(code(refused), ErrorCode::InvalidToken);
}

pub(crate) async fn a_revoked_certificate_is_refused(registry: Registry) {
    registry.pending(1).await;
    registry.store.update_certificate_status(id(1), Revoked, NOW).await.unwrap();
    let refused = registry.store.apply_registration(registration(1, plan(1, "t"))).await;
    assert_eq!(code(refused), ErrorCode::CertificateState);
}

pub(crate) async fn whatever_is_missing_is_named(registry: Registry) {
    registry.pending(1).await;
    let with = |change: &dyn Fn(&mut ProvisioningPlan)| {
        let mut plan = plan(1, "t");
        change(&mut plan);
        registry.store.apply_registration(registration(1, plan))
    };
    let cases = [
        (
            with(&|plan| {
                plan.thing.as_mut().unwrap().type_name =
                    Some(ThingTypeName::parse("lamp").unwrap());
            }),
            "Thing type not found: lamp",
        ),
        (
            with(&|plan| plan.thing.as_mut().unwrap().groups = Some(vec![group("g")])),
            "Thing group not found: g",
        ),
        (
            with(&|plan| {
                plan.thing.as_mut().unwrap().billing_group =
                    Some(BillingGroupName::parse("bill").unwrap());
            }),
            "Billing group not found: bill",
        ),
        (with(&|plan| plan.policies = vec![existing("p")]), "Policy not found: p"),
    ];
    for (applied, expected) in cases {
        let text = message(applied.await, ErrorCode::ResourceRegistrationFailure);
        assert_eq!(text, expected);
    }
    assert_eq!(registry.store.thing(&thing("t")).await.unwrap(), None);
    registry.store.apply_registration(registration(1, plan(1, "t"))).await.unwrap();
}

pub(crate) async fn a_policy_made_from_a_document_is_shared(registry: Registry) {
    for n in 1..=2 {
        registry.pending(n).await;
        let mut plan = plan(n, &format!("t{n}"));
        plan.policies = vec![from_document(DOCUMENT)];
        registry.store.apply_registration(registration(n, plan)).await.unwrap();
    }
    assert_eq!(registry.store.list_policies(None, 10, true).await.unwrap().items.len(), 1);
}

pub(crate) async fn a_policy_of_the_same_name_and_another_document_is_a_conflict(
    registry: Registry,
) {
    registry.policy("2A6577675B7CD1823E271C7AAD8184F44630FFD7").await;
    registry.pending(1).await;
    let mut plan = plan(1, "t");
    plan.policies = vec![from_document("{}")];
    let refused = registry.store.apply_registration(registration(1, plan)).await;
    assert_eq!(code(refused), ErrorCode::ResourceConflicts);
}

pub(crate) async fn an_existing_thing_is_met_by_its_overrides(registry: Registry) {
    registry.thing("t").await;
    registry.group("old", None).await;
    registry.group("new", None).await;
    registry.store.add_thing_to_thing_group(thing("t"), group("old"), false).await.unwrap();
    registry.pending(1).await;
    let mut plan = plan(1, "t");
    let wanted = plan.thing.as_mut().unwrap();
    wanted.attributes = Some(attributes(&[("a", "1")]));
    wanted.groups = Some(vec![group("new")]);
    let refused = registry.store.apply_registration(registration(1, plan.clone())).await;
    assert_eq!(code(refused), ErrorCode::ResourceConflicts);
    let wanted = plan.thing.as_mut().unwrap();
    wanted.on_existing.attributes = Override::Replace;
    wanted.on_existing.groups = Override::Replace;
    let registered = registry.store.apply_registration(registration(1, plan)).await.unwrap();
    assert!(!registered.created);
    let found = registry.store.thing(&thing("t")).await.unwrap().unwrap();
    assert_eq!((found.version, found.attributes), (2, attributes(&[("a", "1")])));
    assert_eq!(registry.store.groups_of_thing(&thing("t")).await.unwrap(), [group("new")]);
}

pub(crate) async fn a_registration_without_a_token_is_harmless_twice(registry: Registry) {
    registry.certificate(1, Inactive).await;
    let mut apply = registration(1, plan(1, "t"));
    apply.token = None;
    apply.plan.certificate.on_status = Override::Replace;
    assert!(registry.store.apply_registration(apply.clone()).await.unwrap().created);
    let found = registry.store.thing(&thing("t")).await.unwrap();
    let again = registry.store.apply_registration(apply).await.unwrap();
    assert!(!again.created);
    assert_eq!(registry.store.thing(&thing("t")).await.unwrap(), found);
}

pub(crate) async fn a_new_device_changes_its_certificate_and_thing_only(registry: Registry) {
    registry.pending(1).await;
    registry.policy("p").await;
    registry.heard();
    let mut plan = plan(1, "t");
    plan.policies = vec![existing("p"), from_document(DOCUMENT)];
    registry.store.apply_registration(registration(1, plan)).await.unwrap();
    let mut heard = registry.heard();
    heard.sort_by_key(|change| format!("{change:?}"));
    assert_eq!(heard, [Change::Certificate(id(1)), Change::Thing(thing("t"))]);
}
