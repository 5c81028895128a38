use fleetwright_core::certificate::CertificateStatus::PendingActivation;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::plan::PolicyPlan;

use crate::support::{DOCUMENT, Registry, code, group, id, plan, policy, registration, thing};

pub(crate) async fn a_refused_registration_leaves_nothing(registry: Registry) {
    let row = registry.pending(1).await;
    registry.group("g", None).await;
    registry.heard();
    let mut plan = plan(1, "t");
    plan.thing.as_mut().unwrap().groups = Some(vec![group("g")]);
    // The last policy is missing: thing, group and first policy were written by then.
    plan.policies = vec![
        PolicyPlan::FromDocument {
            logical_name: "first".to_owned(),
            name: policy("made"),
            document: DOCUMENT.to_owned(),
        },
        PolicyPlan::Existing { logical_name: "last".to_owned(), name: policy("missing") },
    ];
    let refused = registry.store.apply_registration(registration(1, plan)).await;
    assert_eq!(code(refused), ErrorCode::ResourceRegistrationFailure);
    let store = &registry.store;
    assert_eq!(store.thing(&thing("t")).await.unwrap(), None);
    assert_eq!(store.policy(&policy("made")).await.unwrap(), None);
    assert!(store.policies_for_certificate(row).await.unwrap().is_empty());
    let members = store.things_in_group(&group("g"), false, None, 9).await.unwrap();
    assert!(members.items.is_empty());
    let token = store.token_state(id(1).0).await.unwrap().unwrap();
    assert_eq!((token.status, token.spent), (PendingActivation, None));
    assert!(registry.heard().is_empty());
}

pub(crate) async fn a_refusal_leaves_its_neighbours(registry: Registry) {
    for n in 1..=200 {
        registry.pending(n).await;
    }
    let mut tasks = Vec::new();
    for n in 1..=200 {
        let mut plan = plan(n, &format!("t{n}"));
        if n % 3 == 0 {
            plan.thing.as_mut().unwrap().groups = Some(vec![group("missing")]);
        }
        let store = registry.store.clone();
        tasks.push(tokio::spawn(async move {
            (n, store.apply_registration(registration(n, plan)).await)
        }));
    }
    for task in tasks {
        let (n, result) = task.await.unwrap();
        assert_eq!(result.is_err(), n % 3 == 0, "{n}: {result:?}");
        let found = registry.store.thing(&thing(&format!("t{n}"))).await.unwrap();
        assert_eq!(found.is_none(), n % 3 == 0, "{n}");
    }
}
