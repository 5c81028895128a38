use fleetwright_core::certificate::CertificateStatus::{
    Active, Inactive, PendingActivation, Revoked,
};
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::{ShadowName, ThingName};
use fleetwright_core::shadow::{ShadowError, ShadowId, ShadowLimits, Update, Updated};
use fleetwright_core::time::Timestamp;
use fleetwright_store::{HeldTo, ShadowUpdate, Store};

use crate::support::{NOW, Registry, code};

const HOUR: i64 = 60 * 60 * 1000;
const LIMITS: ShadowLimits = ShadowLimits { bytes: 100, depth: 4 };

fn id(name: &str) -> ShadowId {
    ShadowId {
        thing: ThingName::parse("t").unwrap(),
        name: (!name.is_empty()).then(|| ShadowName::parse(name).unwrap()),
    }
}

async fn update_at(
    store: &Store,
    name: &str,
    document: &str,
    at: Timestamp,
) -> Result<Updated, ShadowError> {
    let update = Update::read(document.as_bytes(), &LIMITS).unwrap();
    let asked = ShadowUpdate { shadow: id(name), update, limits: LIMITS, named: 2 };
    store.update_shadow(asked, at).await.unwrap()
}

async fn update(store: &Store, name: &str, document: &str) -> Result<Updated, ShadowError> {
    update_at(store, name, document, NOW).await
}

pub(crate) async fn a_shadow_is_what_its_last_update_made(registry: Registry) {
    let store = &registry.store;
    assert_eq!(store.shadow(&id("")).await.unwrap(), None);
    let first = update(store, "", r#"{"state":{"desired":{"a":1}}}"#).await.unwrap();
    let second = update(store, "", r#"{"state":{"reported":{"a":1}}}"#).await.unwrap();
    assert_eq!((first.shadow.version, second.shadow.version), (1, 2));
    assert_eq!(store.shadow(&id("")).await.unwrap(), Some(second.shadow.clone()));
    // What is refused changes nothing.
    let conflict = update(store, "", r#"{"state":null,"version":1}"#).await;
    assert_eq!(conflict, Err(ShadowError::version_conflict()));
    let large = format!(r#"{{"state":{{"desired":{{"b":"{}"}}}}}}"#, "x".repeat(100));
    assert_eq!(update(store, "", &large).await.unwrap_err().code, 413);
    assert_eq!(store.shadow(&id("")).await.unwrap(), Some(second.shadow));
}

pub(crate) async fn a_deleted_shadow_is_remembered_for_two_days(registry: Registry) {
    let store = &registry.store;
    let absent = Err(ShadowError::absent(&id("s")));
    assert_eq!(store.delete_shadow(id("s"), None, NOW).await.unwrap(), absent);
    for _ in 0..3 {
        update(store, "s", r#"{"state":{"desired":{"a":1}}}"#).await.unwrap();
    }
    let other = store.delete_shadow(id("s"), Some(2), NOW).await.unwrap();
    assert_eq!(other, Err(ShadowError::version_conflict()));
    assert_eq!(store.delete_shadow(id("s"), Some(3), NOW).await.unwrap(), Ok(3));
    assert_eq!(store.delete_shadow(id("s"), None, NOW).await.unwrap(), absent);
    assert_eq!(store.shadow(&id("s")).await.unwrap(), None);
    let again = update_at(store, "s", r#"{"state":{}}"#, NOW.plus_millis(47 * HOUR)).await.unwrap();
    assert_eq!(again.shadow.version, 5);
    store.delete_shadow(id("s"), None, NOW).await.unwrap().unwrap();
    let later = NOW.plus_millis(48 * HOUR);
    assert_eq!(store.purge_shadows(NOW.plus_millis(47 * HOUR), 10).await.unwrap(), 0);
    assert_eq!(store.purge_shadows(later, 10).await.unwrap(), 1);
    assert_eq!(update_at(store, "s", r#"{"state":{}}"#, later).await.unwrap().shadow.version, 1);
}

pub(crate) async fn named_shadows_are_bounded_and_listed(registry: Registry) {
    let store = &registry.store;
    let empty = r#"{"state":{}}"#;
    for name in ["b", "", "a"] {
        update(store, name, empty).await.unwrap();
    }
    assert_eq!(update(store, "c", empty).await, Err(ShadowError::too_many(2)));
    // One that is there is not one more.
    update(store, "a", empty).await.unwrap();
    let first = store.named_shadows("t", None, 1).await.unwrap();
    assert_eq!((first.items, first.next.as_deref()), (vec!["a".to_owned()], Some("a")));
    let rest = store.named_shadows("t", Some("a"), 1).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec!["b".to_owned()], None));
    store.delete_shadow(id("b"), None, NOW).await.unwrap().unwrap();
    update(store, "c", empty).await.unwrap();
    assert_eq!(store.named_shadows("t", None, 9).await.unwrap().items, ["a", "c"]);
}

/// Whatever is written for a device over the services, in each state of its certificate.
pub(crate) async fn nothing_is_written_for_a_certificate_that_is_off(registry: Registry) {
    let update = || Update::read(br#"{"state":{"desired":{"a":1}}}"#, &LIMITS).unwrap();
    for (n, status) in [Active, Inactive, Revoked, PendingActivation].into_iter().enumerate() {
        let certificate = registry.certificate(u32::try_from(n).unwrap(), status).await;
        let device = registry.store.held_to(HeldTo { certificate, now: NOW });
        let shadow = ShadowUpdate { shadow: id(""), update: update(), limits: LIMITS, named: 2 };
        let outcomes = [
            device.update_shadow(shadow, NOW).await.map(|_| ()),
            device.delete_shadow(id(""), None, NOW).await.map(|_| ()),
            device.forget_retained("a", None, NOW).await,
            device.end_session("c").await.map(|_| ()),
        ];
        for (at, outcome) in outcomes.into_iter().enumerate() {
            match status {
                Active => outcome.unwrap(),
                _ => assert_eq!(code(outcome), ErrorCode::AccessDenied, "{status:?} {at}"),
            }
        }
    }
    // The registry itself is held to nobody.
    registry.store.delete_shadow(id(""), None, NOW).await.unwrap().unwrap_err();
}
