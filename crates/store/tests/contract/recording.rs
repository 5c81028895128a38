//! The record of a change is part of the change's own commit.

use std::sync::Arc;

use fleetwright_core::error::ErrorCode;
use fleetwright_core::time::Timestamp;
use fleetwright_store::{AuditFilter, AuditRecord, Recording, Store};

use crate::support::{NOW, Registry, code, id, issued, new_thing, thing};

fn recording(request_id: &str) -> Arc<Recording> {
    Recording::new(record(request_id, NOW))
}

fn record(request_id: &str, at: Timestamp) -> AuditRecord {
    AuditRecord {
        at,
        principal: "arn:aws:iam::123456789012:user/admin".to_owned(),
        client_id: None,
        operation: "CreateThing".to_owned(),
        resource: None,
        parameters: String::new(),
        source: None,
        outcome: "Accepted".to_owned(),
        code: None,
        reason: None,
        request_id: request_id.to_owned(),
    }
}

async fn records(store: &Store) -> Vec<(String, Option<String>)> {
    let found = store.audit(&AuditFilter::default(), 0, 100).await.unwrap().items;
    found.into_iter().map(|record| (record.request_id, record.resource)).collect()
}

pub(crate) async fn a_change_brings_its_record_once(registry: Registry) {
    let first = recording("first");
    let store = registry.store.recording(&first);
    store.about("thing/a");
    store.about("thing/a");
    assert!(!first.is_committed());
    store.create_thing(new_thing("a", &[]), NOW).await.unwrap();
    assert!(first.is_committed());
    // A further write of the operation does without, and so does the registry itself.
    store.create_thing(new_thing("b", &[]), NOW).await.unwrap();
    registry.store.create_thing(new_thing("c", &[]), NOW).await.unwrap();
    let kept = [("first".to_owned(), Some("thing/a".to_owned()))];
    assert_eq!(records(&registry.store).await, kept);
}

pub(crate) async fn a_refused_change_brings_no_record_and_a_later_one_does(registry: Registry) {
    registry.store.create_thing(new_thing("a", &[]), NOW).await.unwrap();
    let recording = recording("only");
    let store = registry.store.recording(&recording);
    let refused = store.create_thing(new_thing("a", &[("x", "1")]), NOW).await;
    assert_eq!(code(refused), ErrorCode::ResourceAlreadyExists);
    assert!(!recording.is_committed() && records(&registry.store).await.is_empty());
    // The same holds of a removal that found nothing to remove.
    assert!(!store.delete_access_key("AKIANOBODY").await.unwrap());
    assert!(!recording.is_committed() && records(&registry.store).await.is_empty());
    store.delete_thing(thing("a"), None, NOW).await.unwrap();
    assert!(recording.is_committed());
    assert_eq!(records(&registry.store).await.len(), 1);
}

pub(crate) async fn an_issuance_is_recorded_with_its_certificate(registry: Registry) {
    let recording = recording("issued");
    let store = registry.store.recording(&recording);
    let new =
        fleetwright_store::NewIssuance { serial: vec![1, 2, 3], key_digest: [7; 32], claim: None };
    let issuance = store.begin_issuance(new, NOW).await.unwrap();
    assert!(!recording.is_committed());
    store.about(&format!("cert/{}", id(1)));
    store.finish_issuance(issuance, issued(1), Timestamp(NOW.0 + 1)).await.unwrap();
    assert!(recording.is_committed());
    let kept = [("issued".to_owned(), Some(format!("cert/{}", id(1))))];
    assert_eq!(records(&registry.store).await, kept);
}

pub(crate) async fn retention_removes_the_beginning_of_the_trail_only(registry: Registry) {
    let store = &registry.store;
    // Two old ones, one that is to be kept, and an old one behind it: the clock was set back.
    let old = Timestamp(NOW.0 - 10);
    let trail = [("a", old), ("b", old), ("c", NOW), ("d", old)];
    let trail: Vec<AuditRecord> = trail.iter().map(|(id, at)| record(id, *at)).collect();
    store.append_audit(trail.into()).await.unwrap();
    let told = AuditRecord { principal: "fleetwright".to_owned(), ..record("told", NOW) };
    let purge = |before, kept| store.purge_audit(before, kept, 100, told.clone());
    assert_eq!(purge(Timestamp(NOW.0 - 100), 100).await.unwrap(), 0);
    assert_eq!(purge(NOW, 100).await.unwrap(), 2);
    assert_eq!(purge(NOW, 100).await.unwrap(), 0);
    let left: Vec<String> = records(store).await.into_iter().map(|(id, _)| id).collect();
    assert_eq!(left, ["c", "d", "told"]);
    // Beyond the number that is kept, whatever their time; the record of it comes in addition.
    assert_eq!(purge(Timestamp(0), 2).await.unwrap(), 1);
    let left = records(store).await;
    let ids: Vec<&str> = left.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(ids, ["d", "told", "told"]);
    let [head] = store.audit_heads().await.unwrap()[..] else { panic!("one chain") };
    assert_eq!((head.chain, head.position), (1, 6));
    assert!(left[2].1.as_deref().unwrap().starts_with("audit-chain/1/3/"), "{left:?}");
}

pub(crate) async fn checkpoints_are_bounded_and_the_newest_stay(registry: Registry) {
    let store = &registry.store;
    assert!(store.audit_heads().await.unwrap().is_empty());
    for n in 0..1003 {
        store.keep_audit_checkpoint(n.to_string(), NOW).await.unwrap();
    }
    let kept = registry.trail().checkpoints().unwrap();
    assert_eq!(kept.len(), 1000);
    assert_eq!(kept.last().unwrap().1, "1002");
}
