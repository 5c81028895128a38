use fleetwright_core::certificate::CertificateStatus::{
    Active, Inactive, PendingActivation, PendingTransfer, Revoked,
};
use fleetwright_core::certificate::{CertificateMode, TbsDigest};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_store::{Change, NewCertificate, NewIssuance, Origin, RegisteredTwin, StoreError};

use crate::support::{NOW, Registry, UNTIL, code, id, issued, message, thing};

pub(crate) async fn an_issued_certificate_is_found_whole(registry: Registry) {
    let claim = registry.certificate(9, Active).await;
    let new = NewIssuance { serial: vec![1], key_digest: [1; 32], claim: Some(id(9)) };
    let issuance = registry.store.begin_issuance(new, NOW).await.unwrap();
    assert_eq!(registry.store.certificate_state(id(1)).await.unwrap(), None);
    let row = registry.store.finish_issuance(issuance, issued(1), NOW).await.unwrap();
    let found = registry.store.certificate(id(1)).await.unwrap().unwrap();
    assert_eq!((found.row, found.id, found.status), (row, id(1), PendingActivation));
    assert_eq!((found.der, found.claim, found.version), (vec![0, 0, 0, 1], Some(id(9)), 1));
    assert_eq!((found.not_before, found.not_after, found.created), (NOW, UNTIL, NOW));
    assert_eq!(registry.heard(), [Change::Certificate(id(9)), Change::Certificate(id(1))]);
    assert_ne!(row, claim);
}

pub(crate) async fn an_unknown_issuance_is_refused(registry: Registry) {
    let new = NewIssuance { serial: vec![1], key_digest: [1; 32], claim: None };
    let issuance = registry.store.begin_issuance(new, NOW).await.unwrap();
    registry.store.abandon_issuance(issuance).await.unwrap();
    let refused = registry.store.finish_issuance(issuance, issued(1), NOW).await;
    assert_eq!(code(refused), ErrorCode::ServiceUnavailable);
    assert_eq!(registry.store.certificate(id(1)).await.unwrap(), None);
    let of_unknown = NewIssuance { serial: vec![1], key_digest: [1; 32], claim: Some(id(7)) };
    let refused = registry.store.begin_issuance(of_unknown, NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}

pub(crate) async fn a_second_registration_is_refused_with_its_arn(registry: Registry) {
    registry.certificate(1, Active).await;
    let again = NewCertificate {
        id: id(1),
        tbs: TbsDigest(id(1).0),
        der: vec![1],
        not_before: NOW,
        not_after: UNTIL,
        status: Inactive,
        origin: Origin::RegisteredAlone,
        mode: CertificateMode::Default,
        ca: None,
    };
    let Err(StoreError::Refused(Refusal { code, message, resource, .. })) =
        registry.store.register_certificate(again, NOW).await
    else {
        panic!("registered twice");
    };
    assert_eq!(code, ErrorCode::ResourceAlreadyExists);
    assert_eq!(message, "The certificate is already provisioned or registered");
    let arn = format!("arn:aws:iot:us-east-1:123456789012:cert/{}", id(1));
    assert_eq!(*resource.unwrap(), (id(1).to_string(), arn));
}

pub(crate) async fn a_status_moves_by_the_rules(registry: Registry) {
    registry.certificate(1, Inactive).await;
    registry.heard();
    let later = NOW.plus_millis(5);
    registry.store.update_certificate_status(id(1), Active, later).await.unwrap();
    registry.store.update_certificate_status(id(1), Active, UNTIL).await.unwrap();
    let found = registry.store.certificate(id(1)).await.unwrap().unwrap();
    assert_eq!((found.status, found.version, found.modified), (Active, 2, later));
    assert_eq!(registry.heard(), [Change::Certificate(id(1))]);
    for (target, expected) in [
        (PendingActivation, ErrorCode::InvalidRequest),
        (PendingTransfer, ErrorCode::InvalidRequest),
    ] {
        let refused = registry.store.update_certificate_status(id(1), target, NOW).await;
        assert_eq!(code(refused), expected);
    }
    registry.store.update_certificate_status(id(1), Revoked, NOW).await.unwrap();
    let refused = registry.store.update_certificate_status(id(1), Active, NOW).await;
    assert_eq!(code(refused), ErrorCode::CertificateState);
    let refused = registry.store.update_certificate_status(id(2), Active, NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}

pub(crate) async fn an_active_certificate_is_not_deleted(registry: Registry) {
    registry.certificate(1, Active).await;
    for force in [false, true] {
        let refused = registry.store.delete_certificate(id(1), force).await;
        let expected =
            format!("Certificate must be deactivated (not ACTIVE) before deletion. Id: {}", id(1));
        assert_eq!(message(refused, ErrorCode::CertificateState), expected);
    }
    registry.store.update_certificate_status(id(1), Inactive, NOW).await.unwrap();
    registry.store.delete_certificate(id(1), false).await.unwrap();
    let refused = registry.store.delete_certificate(id(1), false).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}

pub(crate) async fn a_certificate_with_policies_is_deleted_by_force_only(registry: Registry) {
    registry.certificate(1, Inactive).await;
    let name = registry.policy("p").await;
    registry.attach(&name, 1).await;
    let refused = registry.store.delete_certificate(id(1), false).await;
    let text = message(refused, ErrorCode::DeleteConflict);
    assert!(text.starts_with("Certificate policies must be detached before deletion (arn: "));
    registry.store.delete_certificate(id(1), true).await.unwrap();
    // Nothing of it keeps the policy from going.
    registry.store.delete_policy(name).await.unwrap();
}

pub(crate) async fn a_certificate_with_a_thing_is_never_deleted(registry: Registry) {
    registry.certificate(1, Inactive).await;
    registry.thing("t").await;
    registry.store.attach_thing_principal(thing("t"), id(1), false).await.unwrap();
    for force in [false, true] {
        let refused = registry.store.delete_certificate(id(1), force).await;
        let text = message(refused, ErrorCode::DeleteConflict);
        assert!(text.starts_with("Things must be detached before deletion (arn: "));
    }
}

pub(crate) async fn certificates_are_listed_both_ways(registry: Registry) {
    for n in 1..=5 {
        registry.certificate(n, Active).await;
    }
    for (ascending, expected) in [(true, [1, 2, 3, 4, 5]), (false, [5, 4, 3, 2, 1])] {
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = registry.store.list_certificates(after, 2, ascending).await.unwrap();
            assert!(page.items.len() <= 2);
            found.extend(page.items.into_iter().map(|item| item.id));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(found, expected.map(id));
    }
}

pub(crate) async fn row_numbers_are_never_used_twice(registry: Registry) {
    let first = registry.certificate(1, Inactive).await;
    registry.store.delete_certificate(id(1), false).await.unwrap();
    assert_ne!(registry.certificate(2, Inactive).await, first);
}

/// Certificate `n`, whose TBSCertificate is that of certificate `tbs`.
fn another_form(n: u32, tbs: u32, origin: Origin) -> NewCertificate {
    NewCertificate {
        id: id(n),
        tbs: TbsDigest(id(tbs).0),
        der: n.to_be_bytes().to_vec(),
        not_before: NOW,
        not_after: UNTIL,
        status: PendingActivation,
        origin,
        mode: CertificateMode::Default,
        ca: None,
    }
}

pub(crate) async fn one_tbs_certificate_is_one_certificate(registry: Registry) {
    for (n, status) in [(10, Active), (20, Inactive), (30, Revoked)] {
        registry.certificate(n, status).await;
        for origin in [Origin::JustInTime, Origin::RegisteredCa, Origin::RegisteredAlone] {
            let refused =
                registry.store.register_certificate(another_form(n + 1, n, origin), NOW).await;
            let Err(StoreError::Refused(refusal)) = refused else { panic!("not refused") };
            assert_eq!(refusal.code, ErrorCode::ResourceAlreadyExists);
            assert_eq!(refusal.resource.unwrap().0, id(n).to_string(), "the registered one");
        }
        // Nor is it issued.
        let row = NewIssuance { serial: vec![1], key_digest: [1; 32], claim: None };
        let issuance = registry.store.begin_issuance(row, NOW).await.unwrap();
        let twin = fleetwright_store::Issued { tbs: TbsDigest(id(n).0), ..issued(n + 1) };
        let refused = registry.store.finish_issuance(issuance, twin, NOW).await;
        assert_eq!(code(refused), ErrorCode::ResourceAlreadyExists);
        assert_eq!(registry.store.certificate_state(id(n + 1)).await.unwrap(), None);
    }
}

pub(crate) async fn what_was_revoked_and_deleted_does_not_come_back_just_in_time(
    registry: Registry,
) {
    let store = &registry.store;
    for (n, status, comes_back) in [(10, Inactive, true), (20, Revoked, false)] {
        registry.certificate(n, status).await;
        store.delete_certificate(id(n), false).await.unwrap();
        for form in [n, n + 1] {
            let new = another_form(form, n, Origin::JustInTime);
            let result = store.register_certificate(new, NOW).await;
            if comes_back {
                result.unwrap();
                store.update_certificate_status(id(form), Inactive, NOW).await.unwrap();
                store.delete_certificate(id(form), false).await.unwrap();
            } else {
                assert_eq!(code(result), ErrorCode::CertificateState);
            }
        }
    }
    // An operator lets it back in; what becomes of it afterwards is as with any other.
    for (status, comes_back) in [(Revoked, false), (Inactive, true)] {
        let new = NewCertificate { status, ..another_form(20, 20, Origin::RegisteredAlone) };
        store.register_certificate(new, NOW).await.unwrap();
        store.delete_certificate(id(20), false).await.unwrap();
        let new = another_form(21, 20, Origin::JustInTime);
        assert_eq!(store.register_certificate(new, NOW).await.is_ok(), comes_back);
    }
    // It is remembered for as long as it is valid.
    registry.certificate(30, Revoked).await;
    store.delete_certificate(id(30), false).await.unwrap();
    let later = UNTIL.plus_millis(1);
    store.register_certificate(another_form(31, 30, Origin::JustInTime), later).await.unwrap();
}

pub(crate) async fn certificates_of_before_are_read_and_twins_found(registry: Registry) {
    let store = &registry.store;
    registry.certificate(1, Revoked).await;
    registry.certificate(4, Active).await;
    for (n, origin) in [(2, Origin::JustInTime), (3, Origin::RegisteredAlone)] {
        store.register_certificate(another_form(n, n, origin), NOW).await.unwrap();
    }
    assert_eq!(store.certificates_without_tbs(9).await.unwrap(), []);
    registry.sql("UPDATE certificates SET tbs = NULL");
    let unread = store.certificates_without_tbs(9).await.unwrap();
    assert_eq!(unread.iter().map(|it| it.id).collect::<Vec<_>>(), [id(1), id(4), id(2), id(3)]);
    assert_eq!(unread[0].der, [0, 0, 0, 1]);
    // 2 and 3 are other forms of 1, which is revoked.
    let tbs = |n: u32| TbsDigest(id(if n == 4 { 4 } else { 1 }).0);
    let read = [1, 4, 2, 3].into_iter().zip(&unread).map(|(n, it)| (it.row, tbs(n))).collect();
    let twins = store.note_tbs(read, NOW).await.unwrap();
    let first = RegisteredTwin { id: id(1), status: Revoked };
    assert!(twins.iter().all(|twin| twin.first == first));
    let found: Vec<_> =
        twins.iter().map(|it| (it.second.id, it.second.status, it.revoked)).collect();
    // Nobody decided that 2 may come; that 3 may, an operator did.
    assert_eq!(found, [(id(2), Revoked, true), (id(3), PendingActivation, false)]);
    assert_eq!(store.certificate_state(id(2)).await.unwrap().unwrap().status, Revoked);
    assert_eq!(store.certificate_state(id(3)).await.unwrap().unwrap().status, PendingActivation);
    assert_eq!(store.certificates_without_tbs(9).await.unwrap(), []);
    let again = store.register_certificate(another_form(5, 1, Origin::RegisteredAlone), NOW).await;
    assert_eq!(code(again), ErrorCode::ResourceAlreadyExists);
}
