use fleetwright_core::certificate::CertificateStatus::{Active, Inactive, Revoked};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::{AccountId, TemplateName};
use fleetwright_core::plan::Override;
use fleetwright_store::{
    ApplyRegistration, CertificateRow, ClaimTerms, Issued, NewIssuance, NewTransfer, Origin,
    PolicyTarget, Renewal, RetainedMessage,
};

use crate::support::{NOW, Registry, UNTIL, code, id, issued, plan, registration, thing};

pub(crate) async fn the_device_after_a_claims_last_is_refused(registry: Registry) {
    let claim = registry.certificate(100, Active).await;
    let terms = ClaimTerms { max_devices: Some(2), ..ClaimTerms::default() };
    registry.store.put_claim(id(100), terms).await.unwrap();
    for n in 1..=3 {
        registry.pending(n).await;
        let mut apply = registration(n, plan(n, &format!("t{n}")));
        apply.claim = Some((claim, None));
        let result = registry.store.apply_registration(apply).await;
        if n <= 2 {
            result.unwrap();
        } else {
            assert_eq!(code(result), ErrorCode::AccessDenied);
        }
    }
    assert_eq!(registry.store.thing(&thing("t3")).await.unwrap(), None);
    assert_eq!(registry.store.claim(claim).await.unwrap().unwrap().devices, 2);
    // The caller's own bound holds too.
    let other = registry.certificate(101, Active).await;
    let mut apply = registration(3, plan(3, "t3"));
    apply.claim = Some((other, Some(0)));
    let refused = registry.store.apply_registration(apply).await;
    assert_eq!(code(refused), ErrorCode::AccessDenied);
}

pub(crate) async fn a_known_device_is_not_counted_again(registry: Registry) {
    let claim = registry.certificate(100, Active).await;
    for n in 1..=2 {
        registry.pending(n).await;
        let mut plan = plan(n, "t");
        plan.thing.as_mut().unwrap().on_existing.attributes = Override::Replace;
        let mut apply = registration(n, plan);
        apply.claim = Some((claim, Some(1)));
        let registered = registry.store.apply_registration(apply).await.unwrap();
        assert_eq!(registered.created, n == 1);
    }
    assert_eq!(registry.store.claim(claim).await.unwrap().unwrap().devices, 1);
}

pub(crate) async fn changed_terms_keep_the_count(registry: Registry) {
    let claim = registry.certificate(100, Active).await;
    registry.pending(1).await;
    let mut apply = registration(1, plan(1, "t"));
    apply.claim = Some((claim, None));
    registry.store.apply_registration(apply).await.unwrap();
    let terms = ClaimTerms { max_devices: Some(1), ..ClaimTerms::default() };
    registry.store.put_claim(id(100), terms.clone()).await.unwrap();
    let found = registry.store.claim(claim).await.unwrap().unwrap();
    assert_eq!((found.devices, found.terms), (1, terms));
}

pub(crate) async fn a_claim_that_is_gone_or_expired_registers_nothing(registry: Registry) {
    let claim = registry.certificate(100, Inactive).await;
    registry.pending(1).await;
    let mut apply = registration(1, plan(1, "t"));
    apply.claim = Some((claim, None));
    let terms = |until| ClaimTerms { until: Some(until), ..ClaimTerms::default() };
    let store = &registry.store;
    store.put_claim(id(100), terms(NOW)).await.unwrap();
    assert_eq!(code(store.apply_registration(apply.clone()).await), ErrorCode::AccessDenied);
    store.delete_certificate(id(100), true).await.unwrap();
    assert_eq!(code(store.apply_registration(apply).await), ErrorCode::AccessDenied);
}

/// What was asked before a certificate was switched off, and comes to its commit afterwards.
pub(crate) async fn a_claim_switched_off_meanwhile_is_granted_nothing(registry: Registry) {
    let store = &registry.store;
    for (n, how) in [(100, "inactive"), (101, "revoked"), (102, "deleted"), (103, "transfer")] {
        let claim = registry.certificate(n, Active).await;
        let new = NewIssuance { serial: vec![1], key_digest: [7; 32], claim: Some(id(n)) };
        let begun = store.begin_issuance(new.clone(), NOW).await.unwrap();
        store.update_certificate_status(id(n), Inactive, NOW).await.unwrap();
        match how {
            "revoked" => store.update_certificate_status(id(n), Revoked, NOW).await.unwrap(),
            "deleted" => store.delete_certificate(id(n), true).await.unwrap(),
            "transfer" => {
                let target = AccountId::parse("123456789012").unwrap();
                let transfer = NewTransfer { target, message: None };
                store.transfer_certificate(id(n), transfer, NOW).await.unwrap();
            }
            _ => {}
        }
        registry.pending(n + 100).await;
        let mut apply = registration(n + 100, plan(n + 100, "t"));
        apply.claim = Some((claim, None));
        assert_eq!(code(store.apply_registration(apply).await), ErrorCode::AccessDenied, "{how}");
        let finished = store.finish_issuance(begun, issued(n + 200), NOW).await;
        assert_eq!(code(finished), ErrorCode::AccessDenied, "{how}");
        let begun = code(store.begin_issuance(new, NOW).await);
        let expected =
            if how == "deleted" { ErrorCode::ResourceNotFound } else { ErrorCode::AccessDenied };
        assert_eq!(begun, expected, "{how}");
        let message = RetainedMessage {
            topic: "a".into(),
            payload: vec![1],
            qos: 0,
            modified: NOW,
            until: None,
            properties: None,
        };
        let kept = store.retain(message, Some(claim)).await;
        assert_eq!(code(kept), ErrorCode::AccessDenied, "{how}");
        let forgotten = store.forget_retained("a", Some(claim), NOW).await;
        assert_eq!(code(forgotten), ErrorCode::AccessDenied, "{how}");
        assert_eq!(store.thing(&thing("t")).await.unwrap(), None);
    }
}

/// A claim that asks the same again, after it was switched off, does not read its answer.
pub(crate) async fn a_claim_switched_off_is_not_answered_again(registry: Registry) {
    let claim = registry.certificate(100, Active).await;
    registry.pending(1).await;
    let mut apply = registration(1, plan(1, "t"));
    apply.claim = Some((claim, None));
    let store = &registry.store;
    assert_eq!(store.apply_registration(apply.clone()).await.unwrap().replay, None);
    assert!(store.apply_registration(apply.clone()).await.unwrap().replay.is_some());
    store.update_certificate_status(id(100), Inactive, NOW).await.unwrap();
    assert_eq!(code(store.apply_registration(apply).await), ErrorCode::AccessDenied);
}

/// A rotation hook switches its caller off in the middle of the request: a device renews itself.
pub(crate) async fn a_device_switched_off_by_its_rotation_hook_is_renewed(registry: Registry) {
    let store = &registry.store;
    let replaced = |n| {
        let mut plan = plan(n, "t");
        plan.thing.as_mut().unwrap().on_existing.attributes = Override::Replace;
        registration(n, plan)
    };
    registry.pending(1).await;
    store.apply_registration(registration(1, plan(1, "t"))).await.unwrap();
    let device = store.certificate_state(id(1)).await.unwrap().unwrap().row;
    let renewal = store.renewal(device).await.unwrap().unwrap();
    store.update_certificate_status(id(1), Inactive, NOW).await.unwrap();
    assert_eq!(store.renewal(device).await.unwrap(), None);
    let with = |apply: ApplyRegistration, renewal: &Renewal| ApplyRegistration {
        claim: Some((device, None)),
        renewal: Some(renewal.clone()),
        ..apply
    };
    // Of another thing: no.
    registry.pending(2).await;
    let other = with(registration(2, plan(2, "other")), &renewal);
    assert_eq!(code(store.apply_registration(other).await), ErrorCode::AccessDenied);
    // Of its own: yes, while it is INACTIVE by one change.
    let stale = Renewal { version: renewal.version - 1, ..renewal.clone() };
    let refused = store.apply_registration(with(replaced(2), &stale)).await;
    assert_eq!(code(refused), ErrorCode::AccessDenied);
    store.apply_registration(with(replaced(2), &renewal)).await.unwrap();
    // Nor where the hook is somebody, and somebody else has done it.
    registry.pending(3).await;
    for hook in ["the operator", "arn:aws:sts::123456789012:assumed-role/hook/hook"] {
        let by = Renewal { hook: Some(hook.to_owned()), ..renewal.clone() };
        let refused = store.apply_registration(with(replaced(3), &by)).await;
        assert_eq!(code(refused), ErrorCode::AccessDenied, "{hook}");
    }
    // A revoked one renews nothing.
    store.update_certificate_status(id(1), Revoked, NOW).await.unwrap();
    for renewal in [&renewal, &Renewal { version: renewal.version + 1, ..renewal.clone() }] {
        let refused = store.apply_registration(with(replaced(3), renewal)).await;
        assert_eq!(code(refused), ErrorCode::AccessDenied);
    }
}

/// JITP: what an operator switched off while the template was evaluated stays off.
pub(crate) async fn a_certificate_that_no_longer_waits_is_not_provisioned(registry: Registry) {
    registry.certificate(1, Inactive).await;
    let mut replacing = plan(1, "t");
    replacing.certificate.on_status = Override::Replace;
    let apply = ApplyRegistration { token: None, pending_only: true, ..registration(1, replacing) };
    let refused = registry.store.apply_registration(apply).await;
    assert_eq!(code(refused), ErrorCode::CertificateState);
}

async fn trusted_users_claim(registry: &Registry, n: u32) -> CertificateRow {
    let store = &registry.store;
    let new = NewIssuance { serial: vec![1], key_digest: [7; 32], claim: None };
    let issuance = store.begin_issuance(new, NOW).await.unwrap();
    let terms = ClaimTerms {
        template: Some(TemplateName::parse("T").unwrap()),
        until: Some(UNTIL),
        ..ClaimTerms::default()
    };
    let issued = Issued {
        status: Active,
        origin: Origin::Claim,
        token: None,
        terms: Some(terms.clone()),
        ..issued(n)
    };
    let row = store.finish_issuance(issuance, issued, NOW).await.unwrap();
    assert_eq!(store.claim(row).await.unwrap().unwrap().terms, terms);
    row
}

pub(crate) async fn a_trusted_users_claim_is_never_listed_nor_named(registry: Registry) {
    let claim = trusted_users_claim(&registry, 100).await;
    let store = &registry.store;
    for ascending in [true, false] {
        assert!(store.list_certificates(None, 10, ascending).await.unwrap().items.is_empty());
    }
    let target = || PolicyTarget::Certificate(id(100));
    let policy = registry.policy("P").await;
    assert_eq!(code(store.attach_policy(policy, target()).await), ErrorCode::ResourceNotFound);
    let off = store.update_certificate_status(id(100), Inactive, NOW).await;
    assert_eq!(code(off), ErrorCode::ResourceNotFound);
    // No template can name it either, but it asks for certificates.
    let mut apply = registration(100, plan(100, "t"));
    apply.token = None;
    let named = store.apply_registration(apply).await;
    assert_eq!(code(named), ErrorCode::ResourceRegistrationFailure);
    let new = NewIssuance { serial: vec![2], key_digest: [8; 32], claim: Some(id(100)) };
    store.begin_issuance(new, NOW).await.unwrap();
    registry.pending(1).await;
    let mut apply = registration(1, plan(1, "t"));
    apply.claim = Some((claim, None));
    assert!(store.apply_registration(apply).await.unwrap().created);
}

pub(crate) async fn a_trusted_users_claim_is_deleted_when_it_ends(registry: Registry) {
    trusted_users_claim(&registry, 100).await;
    trusted_users_claim(&registry, 101).await;
    registry.certificate(1, Active).await;
    let store = &registry.store;
    let terms = ClaimTerms { until: Some(NOW), ..ClaimTerms::default() };
    store.put_claim(id(1), terms).await.unwrap();
    let before = UNTIL.plus_millis(-1);
    assert_eq!(store.purge_claims(before, 10).await.unwrap(), (0, false));
    assert_eq!(store.purge_claims(UNTIL, 1).await.unwrap(), (1, true));
    assert_eq!(store.purge_claims(UNTIL, 1).await.unwrap(), (1, false));
    assert!(store.certificate_state(id(100)).await.unwrap().is_none());
    // A claim that an operator made stays: it is refused, not forgotten.
    assert!(store.certificate_state(id(1)).await.unwrap().is_some());
}
