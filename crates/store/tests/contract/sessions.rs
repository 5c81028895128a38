use fleetwright_core::time::Timestamp;
use fleetwright_store::{
    KeptSession, MessageToQueue, OpenedSession, Queue, QueueBounds, QueuePage, Queued,
    SessionFilter, SessionOpened, SessionOpening, Store, WhenFull,
};

use crate::support::{NOW, Registry};

const BOUNDS: QueueBounds = QueueBounds {
    messages: 3,
    bytes: 1000,
    total_bytes: 1500,
    when_full: WhenFull::DropNewest,
    group_expiry: 60,
};

fn later(seconds: i64) -> Timestamp {
    NOW.plus_millis(seconds * 1000)
}

fn opening(client_id: &str) -> SessionOpening {
    let client_id = client_id.to_owned();
    SessionOpening { client_id, clean: false, protocol_level: 5, expiry: 60, epoch: 1 }
}

fn filter(text: &str) -> SessionFilter {
    let filter = text.to_owned();
    SessionFilter { filter, qos: 1, no_local: false, retain_as_published: true }
}

async fn open_at(store: &Store, opening: SessionOpening, at: Timestamp) -> OpenedSession {
    match store.open_session(opening, at).await.unwrap() {
        SessionOpened::Kept(session) => session,
        other => panic!("{other:?}"),
    }
}

async fn open(store: &Store, client_id: &str) -> OpenedSession {
    open_at(store, opening(client_id), NOW).await
}

async fn queue(store: &Store, payload: &str, owners: &[&str], bounds: QueueBounds) -> Queued {
    let message = MessageToQueue {
        topic: "a".to_owned(),
        payload: payload.as_bytes().to_vec(),
        properties: None,
        until: None,
        bytes: 100 * payload.len(),
    };
    let queues = owners.iter().map(|owner| Queue { owner: (*owner).to_owned(), retain: false });
    store.queue_message(message, queues.collect(), bounds, None, NOW).await.unwrap()
}

/// So many messages, of any size.
fn page(messages: usize) -> QueuePage {
    QueuePage { messages, bytes: usize::MAX }
}

async fn waiting(store: &Store, owner: &str) -> Vec<(i64, String)> {
    let found = store.queued_messages(owner, 0, page(100)).await.unwrap();
    let text = |payload| String::from_utf8(payload).unwrap();
    found.into_iter().map(|message| (message.number, text(message.payload))).collect()
}

async fn payloads(store: &Store, owner: &str) -> Vec<String> {
    waiting(store, owner).await.into_iter().map(|(_, payload)| payload).collect()
}

pub(crate) async fn a_session_is_resumed_by_the_next_connection(registry: Registry) {
    let store = &registry.store;
    let clean = SessionOpening { clean: true, expiry: 0, ..opening("c") };
    assert_eq!(store.open_session(clean.clone(), NOW).await.unwrap(), SessionOpened::Unkept);
    assert!(!open(store, "c").await.resumed);
    let filters = vec![filter("a/#"), filter("$share/g/b")];
    assert!(store.subscribe_session("c", 1, filters).await.unwrap());
    assert!(store.unsubscribe_session("c", 1, vec!["a/#".to_owned()]).await.unwrap());
    assert_eq!(store.close_session("c", 1, None, 7, NOW).await.unwrap(), Some(true));
    let next = open_at(store, SessionOpening { epoch: 2, ..opening("c") }, later(59)).await;
    assert!(next.resumed);
    assert_eq!((next.sent_to, next.filters), (7, vec![filter("$share/g/b")]));
    queue(store, "m", &["c"], BOUNDS).await;
    // A clean start ends it, with its queue.
    let clean = SessionOpening { expiry: 60, epoch: 3, ..clean };
    let fresh = OpenedSession { resumed: false, sent_to: 0, filters: Vec::new() };
    assert_eq!(open_at(store, clean, NOW).await, fresh);
    assert_eq!(payloads(store, "c").await.len(), 0);
    assert!(store.end_session("c").await.unwrap() && !store.end_session("c").await.unwrap());
}

pub(crate) async fn a_session_is_over_at_its_time_and_with_another_protocol_level(
    registry: Registry,
) {
    let store = &registry.store;
    for (client_id, expiry) in
        [("time", None), ("level", None), ("named", Some(5)), ("zero", Some(0))]
    {
        open(store, client_id).await;
        let kept = store.close_session(client_id, 1, expiry, 0, NOW).await.unwrap();
        assert_eq!(kept, Some(client_id != "zero"));
    }
    assert!(!open_at(store, opening("time"), later(60)).await.resumed);
    let level = SessionOpening { protocol_level: 4, ..opening("level") };
    assert!(!open_at(store, level, NOW).await.resumed);
    assert!(!open(store, "zero").await.resumed);
    assert_eq!(store.sessions_over(later(4), 10).await.unwrap(), Vec::<String>::new());
    assert_eq!(store.sessions_over(later(5), 10).await.unwrap(), ["named"]);
    assert!(!store.end_session_in_time("named", later(4)).await.unwrap());
    assert!(store.end_session_in_time("named", later(5)).await.unwrap());
}

pub(crate) async fn an_earlier_connection_changes_nothing(registry: Registry) {
    let store = &registry.store;
    open(store, "c").await;
    assert!(open_at(store, SessionOpening { epoch: 2, ..opening("c") }, NOW).await.resumed);
    let earlier = store.open_session(opening("c"), NOW).await.unwrap();
    assert_eq!(earlier, SessionOpened::TakenOver);
    assert!(!store.subscribe_session("c", 1, vec![filter("a")]).await.unwrap());
    assert!(store.subscribe_session("c", 2, vec![filter("a")]).await.unwrap());
    let gone = store.unsubscribe_session("c", 1, vec!["a".to_owned()]).await.unwrap();
    assert!(!gone);
    assert_eq!(store.close_session("c", 1, Some(0), 9, NOW).await.unwrap(), None);
    let third = open_at(store, SessionOpening { epoch: 3, ..opening("c") }, NOW).await;
    assert_eq!((third.filters.len(), third.sent_to), (1, 0));
}

pub(crate) async fn messages_wait_in_their_order_until_they_are_taken(registry: Registry) {
    let store = &registry.store;
    open(store, "one").await;
    open(store, "two").await;
    assert_eq!(queue(store, "1", &["one", "two"], BOUNDS).await, Queued::default());
    queue(store, "2", &["two"], BOUNDS).await;
    let gone = queue(store, "3", &["two", "nobody"], BOUNDS).await;
    assert_eq!(gone.refused, ["nobody"]);
    assert_eq!(payloads(store, "one").await, ["1"]);
    let two = waiting(store, "two").await;
    assert_eq!(payloads(store, "two").await, ["1", "2", "3"]);
    let rest = store.queued_messages("two", two[0].0, page(1)).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].payload, b"2");
    store.dequeue_messages("two", vec![two[0].0, two[2].0, 99]).await.unwrap();
    store.dequeue_messages("two", vec![two[0].0]).await.unwrap();
    assert_eq!(payloads(store, "two").await, ["2"]);
    assert_eq!(payloads(store, "one").await, ["1"]);
}

pub(crate) async fn a_page_of_a_queue_has_a_bound_in_bytes(registry: Registry) {
    let (store, group) = (&registry.store, "$share/g/a");
    open(store, "one").await;
    open(store, "two").await;
    for payload in ["1", "22", "333"] {
        assert_eq!(queue(store, payload, &["one", group], BOUNDS).await, Queued::default());
    }
    // 100 bytes each letter; the first comes, whatever it counts.
    for (bytes, expected) in [(0, 1), (100, 1), (299, 1), (300, 2), (599, 2), (600, 3)] {
        let page = QueuePage { messages: 10, bytes };
        assert_eq!(store.queued_messages("one", 0, page).await.unwrap().len(), expected, "{bytes}");
    }
    for (bytes, expected) in [(299, 1), (500, 2), (0, 0)] {
        let page = QueuePage { messages: 10, bytes };
        let taken = store.take_from_group(group, "two", page).await.unwrap();
        assert_eq!(taken.len(), expected, "{bytes}");
    }
}

pub(crate) async fn a_full_queue_drops_what_is_configured(registry: Registry) {
    let store = &registry.store;
    let oldest = QueueBounds { when_full: WhenFull::DropOldest, ..BOUNDS };
    for (client_id, bounds, left) in
        [("new", BOUNDS, ["1", "2", "3"]), ("old", oldest, ["2", "3", "4"])]
    {
        open(store, client_id).await;
        for payload in ["1", "2", "3"] {
            queue(store, payload, &[client_id], bounds).await;
        }
        let fourth = queue(store, "4", &[client_id], bounds).await;
        assert_eq!(
            (fourth.refused.len(), fourth.dropped),
            if client_id == "new" { (1, 0) } else { (0, 1) }
        );
        assert_eq!(payloads(store, client_id).await, left);
        // Bytes are bounded too: of the queue, and of all.
        let large = queue(store, "elevenbytes", &[client_id], bounds).await;
        assert_eq!(large.refused, [client_id]);
    }
    open(store, "third").await;
    assert_eq!(queue(store, "0123456789", &["third"], oldest).await.refused, ["third"]);
    store.end_session("new").await.unwrap();
    store.end_session("old").await.unwrap();
    assert_eq!(queue(store, "0123456789", &["third"], oldest).await, Queued::default());
}

pub(crate) async fn a_group_queue_is_served_by_its_members(registry: Registry) {
    let store = &registry.store;
    let group = "$share/g/a";
    open(store, "one").await;
    for payload in ["1", "2", "3"] {
        assert_eq!(queue(store, payload, &[group], BOUNDS).await, Queued::default());
    }
    for expected in [2, 1, 0] {
        assert_eq!(store.take_from_group(group, "one", page(2)).await.unwrap().len(), expected);
    }
    assert_eq!(payloads(store, "one").await, ["1", "2", "3"]);
    // What was counted there counts here.
    assert_eq!(queue(store, "4", &["one"], BOUNDS).await.refused, ["one"]);
    assert_eq!(store.sessions_over(later(60), 10).await.unwrap(), [group]);
}

pub(crate) async fn after_a_start_whoever_was_connected_waits(registry: Registry) {
    let store = &registry.store;
    open(store, "connected").await;
    store.subscribe_session("connected", 1, vec![filter("a")]).await.unwrap();
    open(store, "last").await;
    store.close_session("last", 1, None, 0, NOW).await.unwrap();
    let last = SessionOpening { expiry: 0, ..opening("last") };
    assert!(open_at(store, last, NOW).await.resumed);
    queue(store, "1", &["connected", "$share/g/a"], BOUNDS).await;
    store.sessions_wait(NOW).await.unwrap();
    let kept = store.sessions_at_start(NOW).await.unwrap();
    let filters = vec![filter("a")];
    assert_eq!(kept, [KeptSession { client_id: "connected".to_owned(), filters }]);
    assert_eq!(store.sessions_over(later(59), 10).await.unwrap(), ["last"]);
    let again = open(store, "connected").await;
    assert!(again.resumed && again.sent_to > 0);
}
