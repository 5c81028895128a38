use fleetwright_core::certificate::CertificateStatus::{
    Active, Inactive, PendingTransfer, Revoked,
};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::AccountId;
use fleetwright_store::{NewTransfer, Transfer};

use crate::support::{NOW, Registry, code, id, message, scope};

fn to(target: AccountId) -> NewTransfer {
    NewTransfer { target, message: Some("for you".to_owned()) }
}

fn away() -> NewTransfer {
    to(AccountId::parse("999999999999").unwrap())
}

async fn transfer(registry: &Registry, n: u32) -> Option<Transfer> {
    registry.store.certificate(id(n)).await.unwrap().unwrap().transfer
}

pub(crate) async fn a_transfer_waits_until_it_is_cancelled(registry: Registry) {
    registry.certificate(1, Inactive).await;
    let store = &registry.store;
    store.transfer_certificate(id(1), away(), NOW).await.unwrap();
    let found = store.certificate(id(1)).await.unwrap().unwrap();
    assert_eq!(found.status, PendingTransfer);
    let begun = found.transfer.unwrap();
    assert_eq!((begun.created, begun.message.as_deref()), (NOW, Some("for you")));
    assert_eq!(code(store.delete_certificate(id(1), true).await), ErrorCode::CertificateState);
    store.cancel_certificate_transfer(id(1), NOW).await.unwrap();
    let found = store.certificate(id(1)).await.unwrap().unwrap();
    assert_eq!((found.status, found.transfer), (Inactive, None));
    let refused = store.cancel_certificate_transfer(id(1), NOW).await;
    assert_eq!(code(refused), ErrorCode::TransferAlreadyCompleted);
    let refused = store.cancel_certificate_transfer(id(2), NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
    store.delete_certificate(id(1), false).await.unwrap();
}

pub(crate) async fn only_an_inactive_certificate_without_policies_is_transferred(
    registry: Registry,
) {
    for (n, status) in [(1, Active), (2, Revoked), (3, PendingTransfer)] {
        registry.certificate(n, status).await;
        let refused = registry.store.transfer_certificate(id(n), away(), NOW).await;
        assert!(message(refused, ErrorCode::CertificateState).contains(status.as_str()));
    }
    registry.certificate(4, Inactive).await;
    let name = registry.policy("p").await;
    registry.attach(&name, 4).await;
    let refused = registry.store.transfer_certificate(id(4), away(), NOW).await;
    assert_eq!(code(refused), ErrorCode::TransferConflict);
    let refused = registry.store.transfer_certificate(id(5), away(), NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}

pub(crate) async fn a_transfer_to_this_account_is_accepted_or_rejected(registry: Registry) {
    let store = &registry.store;
    registry.certificate(1, Inactive).await;
    let later = NOW.plus_millis(7);
    for (active, status) in [(false, Inactive), (true, Active)] {
        store.transfer_certificate(id(1), to(scope().account), NOW).await.unwrap();
        store.accept_certificate_transfer(id(1), active, later).await.unwrap();
        let found = store.certificate(id(1)).await.unwrap().unwrap();
        assert_eq!(found.status, status);
        assert_eq!(found.transfer.unwrap().accepted, Some(later));
    }
    let refused = store.accept_certificate_transfer(id(1), false, NOW).await;
    assert_eq!(code(refused), ErrorCode::TransferAlreadyCompleted);
    store.update_certificate_status(id(1), Inactive, NOW).await.unwrap();
    store.transfer_certificate(id(1), to(scope().account), NOW).await.unwrap();
    assert_eq!(transfer(&registry, 1).await.unwrap().accepted, None, "a new one");
    let reason = Some("no".to_owned());
    store.reject_certificate_transfer(id(1), reason.clone(), later).await.unwrap();
    let found = store.certificate(id(1)).await.unwrap().unwrap();
    let ended = found.transfer.unwrap();
    assert_eq!(
        (found.status, ended.rejected, ended.reject_reason),
        (Inactive, Some(later), reason)
    );
    let refused = store.reject_certificate_transfer(id(1), None, NOW).await;
    assert_eq!(code(refused), ErrorCode::TransferAlreadyCompleted);
}

pub(crate) async fn nobody_accepts_or_rejects_a_transfer_to_another_account(registry: Registry) {
    registry.certificate(1, Inactive).await;
    let store = &registry.store;
    store.transfer_certificate(id(1), away(), NOW).await.unwrap();
    let refused = store.accept_certificate_transfer(id(1), true, NOW).await;
    assert!(message(refused, ErrorCode::InvalidRequest).contains("999999999999"));
    let refused = store.reject_certificate_transfer(id(1), None, NOW).await;
    assert_eq!(code(refused), ErrorCode::InvalidRequest);
    let refused = store.accept_certificate_transfer(id(2), true, NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceNotFound);
}

pub(crate) async fn transfers_under_way_are_listed_both_ways(registry: Registry) {
    for n in 1..=4 {
        registry.certificate(n, Inactive).await;
        let target = if n == 4 { to(scope().account) } else { away() };
        registry.store.transfer_certificate(id(n), target, NOW).await.unwrap();
    }
    registry.store.accept_certificate_transfer(id(4), true, NOW).await.unwrap();
    for (ascending, expected) in [(true, [1, 2, 3]), (false, [3, 2, 1])] {
        let first = registry.store.list_outgoing_certificates(None, 2, ascending).await.unwrap();
        let rest = registry.store.list_outgoing_certificates(first.next, 2, ascending);
        let rest = rest.await.unwrap();
        assert_eq!(rest.next, None);
        let found: Vec<_> = first.items.iter().chain(&rest.items).map(|item| item.id).collect();
        assert_eq!(found, expected.map(id));
    }
}
