use fleetwright_core::error::ErrorCode;
use fleetwright_core::logging::{LogLevel, TARGETS};
use fleetwright_store::{LoggingChange, LoggingOptions, TargetLevel};

use crate::support::{Registry, code};

fn options(level: LogLevel, is_disabled: bool) -> LoggingOptions {
    LoggingOptions {
        role_arn: Some("arn:aws:iam::123456789012:role/logs".to_owned()),
        level,
        is_disabled,
        events: vec![("Connect".to_owned(), Some("INFO".to_owned()), None)],
    }
}

/// Every member.
fn to(options: LoggingOptions) -> LoggingChange {
    let LoggingOptions { role_arn, level, is_disabled, events } = options;
    let (level, is_disabled, events) = (Some(level), Some(is_disabled), Some(events));
    LoggingChange { role_arn, level, is_disabled, events }
}

fn target(kind: &str, name: &str, level: LogLevel) -> TargetLevel {
    TargetLevel { kind: kind.to_owned(), name: name.to_owned(), level }
}

pub(crate) async fn options_are_unset_until_they_are_set(registry: Registry) {
    let store = &registry.store;
    assert_eq!(store.logging_options().await.unwrap(), None);
    for wanted in [options(LogLevel::Warn, false), options(LogLevel::Debug, true)] {
        store.change_logging_options(to(wanted.clone())).await.unwrap();
        assert_eq!(store.logging_options().await.unwrap(), Some(wanted));
    }
    // What a change does not name stays.
    let level = LoggingChange { level: Some(LogLevel::Error), ..LoggingChange::default() };
    store.change_logging_options(level).await.unwrap();
    let found = store.logging_options().await.unwrap();
    assert_eq!(found, Some(options(LogLevel::Error, true)));
    assert_eq!(options(LogLevel::Debug, true).in_force(), LogLevel::Disabled);
    assert_eq!(options(LogLevel::Debug, false).in_force(), LogLevel::Debug);
}

pub(crate) async fn levels_of_targets_are_listed_by_kind_and_name(registry: Registry) {
    let store = &registry.store;
    let wanted = [
        target("CLIENT_ID", "a", LogLevel::Debug),
        target("CLIENT_ID", "b", LogLevel::Info),
        target("SOURCE_IP", "a", LogLevel::Error),
    ];
    for found in wanted.iter().rev() {
        store.set_logging_level(target(&found.kind, &found.name, LogLevel::Warn)).await.unwrap();
        store.set_logging_level(found.clone()).await.unwrap();
    }
    let first = store.logging_levels(None, None, 2).await.unwrap();
    assert_eq!(first.items, wanted[..2]);
    let last = store.logging_levels(None, first.next, 1).await.unwrap();
    assert_eq!((last.items.as_slice(), last.next), (&wanted[2..], None));
    let of_kind = store.logging_levels(Some("CLIENT_ID"), None, 250).await.unwrap();
    assert_eq!(of_kind.items, wanted[..2]);
    for _ in 0..2 {
        store.delete_logging_level("CLIENT_ID".to_owned(), "a".to_owned()).await.unwrap();
    }
    assert_eq!(store.logging_levels(None, None, 250).await.unwrap().items, wanted[1..]);
}

pub(crate) async fn so_many_targets_have_levels(registry: Registry) {
    let store = &registry.store;
    registry.sql(&format!(
        "INSERT INTO logging_levels WITH RECURSIVE numbers (n) AS \
         (VALUES (0) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < {TARGETS}) \
         SELECT 'CLIENT_ID', CAST(n AS TEXT), 'INFO' FROM numbers"
    ));
    let more = store.set_logging_level(target("CLIENT_ID", "more", LogLevel::Info)).await;
    assert_eq!(code(more), ErrorCode::LimitExceeded);
    store.set_logging_level(target("CLIENT_ID", "0", LogLevel::Warn)).await.unwrap();
}
