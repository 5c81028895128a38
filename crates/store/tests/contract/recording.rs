//! The record of a change is part of the change's own commit.

use std::sync::Arc;

use fleetwright_core::certificate::Instant;
use fleetwright_core::error::ErrorCode;
use fleetwright_store::{AuditFilter, AuditRecord, Recording, Store};

use crate::support::{NOW, Registry, code, id, issued, new_thing, thing};

fn recording(request_id: &str) -> Arc<Recording> {
    Recording::new(AuditRecord {
        at: NOW,
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
    })
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
    assert!(!first.is_kept());
    store.create_thing(new_thing("a", &[]), NOW).await.unwrap();
    assert!(first.is_kept());
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
    assert!(!recording.is_kept() && records(&registry.store).await.is_empty());
    // The same holds of a removal that found nothing to remove.
    assert!(!store.delete_access_key("AKIANOBODY").await.unwrap());
    assert!(!recording.is_kept() && records(&registry.store).await.is_empty());
    store.delete_thing(thing("a"), None).await.unwrap();
    assert!(recording.is_kept());
    assert_eq!(records(&registry.store).await.len(), 1);
}

pub(crate) async fn an_issuance_is_recorded_with_its_certificate(registry: Registry) {
    let recording = recording("issued");
    let store = registry.store.recording(&recording);
    let new =
        fleetwright_store::NewIssuance { serial: vec![1, 2, 3], key_digest: [7; 32], claim: None };
    let issuance = store.begin_issuance(new, NOW).await.unwrap();
    assert!(!recording.is_kept());
    store.about(&format!("cert/{}", id(1)));
    store.finish_issuance(issuance, issued(1), Instant(NOW.0 + 1)).await.unwrap();
    assert!(recording.is_kept());
    let kept = [("issued".to_owned(), Some(format!("cert/{}", id(1))))];
    assert_eq!(records(&registry.store).await, kept);
}
