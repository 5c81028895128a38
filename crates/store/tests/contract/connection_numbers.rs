use fleetwright_store::StoreError;

use crate::support::Registry;

pub(crate) async fn no_number_is_reserved_twice(registry: Registry) {
    let store = &registry.store;
    assert_eq!(store.reserve_connection_numbers(10, 1000).await.unwrap(), 1000);
    // A clock that was set back does not count.
    assert_eq!(store.reserve_connection_numbers(10, 5).await.unwrap(), 1010);
    assert_eq!(store.reserve_connection_numbers(1, 1020).await.unwrap(), 1020);
    // Nor do numbers that another file, a restored one, does not know of.
    assert_eq!(store.reserve_connection_numbers(5, 2000).await.unwrap(), 2000);
    // What another opens now, without a close of this one, goes on behind.
    let again = registry.opened_after_a_crash();
    assert_eq!(again.store.reserve_connection_numbers(5, 0).await.unwrap(), 2005);
}

pub(crate) async fn numbers_stay_exact_in_json(registry: Registry) {
    let store = &registry.store;
    let far = store.reserve_connection_numbers(10, u64::MAX).await.unwrap();
    assert_eq!(far, 1 << 52);
    registry.sql("UPDATE connection_numbers SET next = (1 << 53) - 10");
    assert_eq!(store.reserve_connection_numbers(10, 0).await.unwrap(), (1 << 53) - 10);
    let refused = store.reserve_connection_numbers(1, 0).await;
    assert!(matches!(refused, Err(StoreError::Corrupt(_))), "{refused:?}");
}
