use fleetwright_core::time::Timestamp;
use fleetwright_store::{RetainedMessage, RetainedProperties};

use crate::support::{NOW, Registry};

fn message(topic: &str, payload: &str) -> RetainedMessage {
    RetainedMessage {
        topic: topic.to_owned(),
        payload: payload.as_bytes().to_vec(),
        qos: 1,
        modified: NOW,
        until: None,
        properties: None,
    }
}

pub(crate) async fn a_topic_keeps_its_latest_message(registry: Registry) {
    let store = &registry.store;
    store.retain(message("a/b", "first"), None).await.unwrap();
    let properties = RetainedProperties {
        content_type: Some("text/plain".to_owned()),
        correlation_data: Some(vec![0, 255]),
        user_properties: vec![("k".to_owned(), "1".to_owned()), ("k".to_owned(), "2".to_owned())],
        ..RetainedProperties::default()
    };
    let second = RetainedMessage { properties: Some(properties), ..message("a/b", "second") };
    store.retain(second.clone(), None).await.unwrap();
    assert_eq!(store.retained("a/b", NOW).await.unwrap(), Some(second));
    assert_eq!(store.retained("a", NOW).await.unwrap(), None);
    store.forget_retained("a/b", None, NOW).await.unwrap();
    store.forget_retained("a/b", None, NOW).await.unwrap();
    assert_eq!(store.retained("a/b", NOW).await.unwrap(), None);
}

pub(crate) async fn a_message_is_gone_when_its_time_is_over(registry: Registry) {
    let store = &registry.store;
    let until = Timestamp(NOW.0 + 1000);
    store
        .retain(RetainedMessage { until: Some(until), ..message("short", "p") }, None)
        .await
        .unwrap();
    store.retain(message("long", "p"), None).await.unwrap();
    assert!(store.retained("short", NOW).await.unwrap().is_some());
    assert_eq!(store.retained("short", until).await.unwrap(), None);
    let listed = store.list_retained(None, 10, until).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    assert_eq!(store.purge_retained(NOW, 10).await.unwrap(), 0);
    assert_eq!(store.purge_retained(until, 10).await.unwrap(), 1);
    assert_eq!(store.purge_retained(until, 10).await.unwrap(), 0);
}

pub(crate) async fn messages_are_listed_by_topic(registry: Registry) {
    for topic in ["b", "a/1", "c"] {
        registry.store.retain(message(topic, "four"), None).await.unwrap();
    }
    let first = registry.store.list_retained(None, 2, NOW).await.unwrap();
    let topics: Vec<_> = first.items.iter().map(|item| item.topic.as_str()).collect();
    assert_eq!(topics, ["a/1", "b"]);
    assert_eq!(first.items.iter().map(|item| item.payload_size).sum::<i64>(), 8);
    let rest = registry.store.list_retained(first.next.as_deref(), 2, NOW).await.unwrap();
    assert_eq!((rest.items.len(), rest.next), (1, None));
}
