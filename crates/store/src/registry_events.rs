//! Registry events: noted by the operation that changes, published after its commit. More of them than
//! one commit tells wait on disk, in their order.

use fleetwright_core::event::EventType;

use crate::StoreError;
use crate::event::{EventOperation, EventSubject, RegistryEvent};
use crate::sql::{Sql, args, json};

/// Events that one commit tells, and that a transaction keeps in memory. (ours)
const TOLD: usize = 4096;

/// Whether events of a kind are published. Read once in a transaction.
pub(crate) fn is_published(sql: &Sql<'_>, kind: EventType) -> Result<bool, StoreError> {
    let known = sql.noted().published.as_ref().map(|kinds| kinds.contains(&kind));
    if let Some(known) = known {
        return Ok(known);
    }
    let names: Vec<String> =
        sql.all("SELECT kind FROM event_configurations WHERE enabled = 1", &[], |row| {
            row.get("kind")
        })?;
    let kinds: Vec<EventType> = names.iter().filter_map(|name| EventType::parse(name)).collect();
    let is_published = kinds.contains(&kind);
    sql.noted().published = Some(kinds);
    Ok(is_published)
}

/// Notes an event if its kind is published; `subject` is made only then.
pub(crate) fn note(
    sql: &Sql<'_>,
    kind: EventType,
    operation: EventOperation,
    subject: impl FnOnce() -> Result<EventSubject, StoreError>,
) -> Result<(), StoreError> {
    if !is_published(sql, kind)? {
        return Ok(());
    }
    let subject = subject()?;
    debug_assert_eq!(subject.kind(), kind, "an event of another kind");
    sql.noted().events.push(RegistryEvent { operation, subject });
    if sql.noted().events.len() > TOLD {
        let events = sql.noted().take_events();
        keep(sql, &events)?;
    }
    Ok(())
}

/// Takes the events to tell with this commit, oldest first: those that waited on disk come before
/// those of this transaction.
pub(crate) fn take(sql: &Sql<'_>) -> Result<Vec<RegistryEvent>, StoreError> {
    let mut told = waiting(sql)?;
    let mut events = std::mem::take(&mut sql.noted().events);
    let later = events.split_off(events.len().min(TOLD - told.len()));
    keep(sql, &later)?;
    told.append(&mut events);
    Ok(told)
}

/// Takes the oldest events off the disk.
fn waiting(sql: &Sql<'_>) -> Result<Vec<RegistryEvent>, StoreError> {
    let found: Vec<(i64, RegistryEvent)> = sql.all(
        "SELECT row_id, kind, operation, subject FROM registry_events ORDER BY row_id LIMIT $1",
        args![TOLD],
        |row| {
            let (kind, operation): (String, String) = (row.get("kind")?, row.get("operation")?);
            Ok((row.get("row_id")?, read(&kind, &operation, &row.get::<String>("subject")?)?))
        },
    )?;
    if let Some((last, _)) = found.last() {
        sql.execute("DELETE FROM registry_events WHERE row_id <= $1", args![*last])?;
    }
    Ok(found.into_iter().map(|(_, event)| event).collect())
}

fn keep(sql: &Sql<'_>, events: &[RegistryEvent]) -> Result<(), StoreError> {
    for RegistryEvent { operation, subject } in events {
        let mut fields = serde_json::to_value(subject)
            .map_err(|error| StoreError::Corrupt(format!("an event: {error}")))?;
        let fields = fields.get_mut("subject").map(serde_json::Value::take);
        sql.execute(
            "INSERT INTO registry_events (kind, operation, subject) VALUES ($1, $2, $3)",
            args![subject.kind().as_str(), operation.as_str(), &json(&fields)?],
        )?;
    }
    Ok(())
}

fn read(kind: &str, operation: &str, subject: &str) -> Result<RegistryEvent, StoreError> {
    let corrupt = |why: String| StoreError::Corrupt(format!("an event of {kind}: {why}"));
    let fields: serde_json::Value =
        serde_json::from_str(subject).map_err(|error| corrupt(error.to_string()))?;
    let whole = serde_json::json!({ "kind": kind, "subject": fields });
    let subject = serde_json::from_value(whole).map_err(|error| corrupt(error.to_string()))?;
    let operation = EventOperation::parse(operation)
        .ok_or_else(|| corrupt(format!("unknown operation {operation}")))?;
    Ok(RegistryEvent { operation, subject })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Arc, Mutex};

    use fleetwright_core::arn::AccountScope;
    use fleetwright_core::names::{AccountId, Region};

    use super::*;
    use crate::{Change, Store};

    fn opened() -> (tempfile::TempDir, Store, Arc<Mutex<Vec<RegistryEvent>>>) {
        let dir = tempfile::tempdir().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let sink = Arc::new(move |change: &Change| {
            if let Change::Registry(event) = change {
                heard.lock().unwrap().push(event.as_ref().clone());
            }
        });
        let scope = AccountScope {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        };
        let path = dir.path().join("fleetwright.db");
        let store = Store::open(path.to_str().unwrap(), scope, sink).unwrap();
        (dir, store, told)
    }

    #[tokio::test]
    async fn events_beyond_what_one_commit_takes_are_told_by_those_that_follow() {
        let (_dir, store, told) = opened();
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
             INSERT INTO registry_events (kind, operation, subject) \
             SELECT 'POLICY', 'CREATED', json_object('policy', 'p' || i, 'version', 1) FROM n";
        store.write(|sql| sql.execute(many, &[])).await.unwrap();
        assert_eq!(told.lock().unwrap().len(), TOLD);
        while store.follow_membership().await.unwrap() {}
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 5000);
        assert_eq!(told.iter().collect::<HashSet<_>>().len(), 5000);
    }

    fn noted(sql: &Sql<'_>, prefix: &str, count: usize) -> Result<(), StoreError> {
        for n in 0..count {
            note(sql, EventType::Policy, EventOperation::Created, || {
                Ok(EventSubject::Policy { policy: format!("{prefix}{n}"), version: 1 })
            })?;
        }
        Ok(())
    }

    #[tokio::test]
    async fn events_of_a_large_job_keep_their_order_and_go_when_it_is_undone() {
        let (_dir, store, told) = opened();
        let on = std::collections::BTreeMap::from([(EventType::Policy, true)]);
        store.update_event_configurations(on, fleetwright_core::time::Timestamp(0)).await.unwrap();
        store
            .write(|sql| {
                for (prefix, count, is_kept) in
                    [("a", 3, true), ("b", 2 * TOLD, false), ("c", 2 * TOLD, true), ("d", 1, true)]
                {
                    let done = sql.job(|sql| {
                        noted(sql, prefix, count)?;
                        if is_kept { Ok(()) } else { Err(StoreError::Corrupt(String::new())) }
                    })?;
                    assert_eq!(done.is_ok(), is_kept);
                }
                Ok(())
            })
            .await
            .unwrap();
        while store.follow_membership().await.unwrap() {}
        let expected = [("a", 3), ("c", 2 * TOLD), ("d", 1)];
        let expected = expected
            .iter()
            .flat_map(|(prefix, count)| (0..*count).map(move |n| format!("{prefix}{n}")));
        let told = told
            .lock()
            .unwrap()
            .iter()
            .map(|event| match &event.subject {
                EventSubject::Policy { policy, .. } => policy.clone(),
                other => panic!("{other:?}"),
            })
            .collect::<Vec<_>>();
        assert_eq!(told, expected.collect::<Vec<_>>());
    }
}
