use fleetwright_core::certificate::CertificateStatus::{Active, PendingActivation};
use fleetwright_store::Change;

use crate::support::{NOW, Registry, UNTIL, id, plan, registration, thing};

pub(crate) async fn a_token_is_known_by_its_digest(registry: Registry) {
    let row = registry.pending(1).await;
    let state = registry.store.token_state(id(1).0).await.unwrap().unwrap();
    assert_eq!((state.certificate, state.row, state.status), (id(1), row, PendingActivation));
    assert_eq!((state.until, state.spent, state.der), (UNTIL, None, vec![0, 0, 0, 1]));
    assert_eq!(registry.store.token_state(id(2).0).await.unwrap(), None);
}

pub(crate) async fn a_purge_deletes_what_nobody_registered(registry: Registry) {
    registry.pending(1).await;
    registry.heard();
    assert_eq!(registry.store.purge_expired(UNTIL, 10).await.unwrap(), (0, false));
    let late = UNTIL.plus_millis(1);
    assert_eq!(registry.store.purge_expired(late, 10).await.unwrap(), (1, false));
    assert_eq!(registry.heard(), [Change::Certificate(id(1)), Change::CertificateOff(id(1))]);
    assert_eq!(registry.store.certificate(id(1)).await.unwrap(), None);
    assert_eq!(registry.store.token_state(id(1).0).await.unwrap(), None);
}

pub(crate) async fn a_purge_keeps_what_was_activated_or_attached(registry: Registry) {
    for n in 1..=4 {
        registry.pending(n).await;
    }
    let store = &registry.store;
    store.apply_registration(registration(1, plan(1, "t1"))).await.unwrap();
    store.update_certificate_status(id(2), Active, NOW).await.unwrap();
    registry.thing("t3").await;
    store.attach_thing_principal(thing("t3"), id(3), false).await.unwrap();
    let name = registry.policy("p").await;
    registry.attach(&name, 4).await;
    let late = UNTIL.plus_millis(1);
    assert_eq!(store.purge_expired(late, 10).await.unwrap(), (0, false));
    for n in 1..=4 {
        assert!(store.certificate(id(n)).await.unwrap().is_some(), "{n}");
        assert_eq!(store.token_state(id(n).0).await.unwrap(), None, "{n}");
    }
}

pub(crate) async fn a_purge_is_bounded(registry: Registry) {
    for n in 1..=5 {
        registry.pending(n).await;
    }
    let late = UNTIL.plus_millis(1);
    assert_eq!(registry.store.purge_expired(late, 2).await.unwrap(), (2, true));
    assert_eq!(registry.store.purge_expired(late, 2).await.unwrap(), (2, true));
    assert_eq!(registry.store.purge_expired(late, 2).await.unwrap(), (1, false));
}
