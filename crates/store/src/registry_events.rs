//! What changed in the registry, told whole: the database's triggers note it, whoever wrote, and
//! the writer takes it out again before it commits.

use std::collections::BTreeMap;

use fleetwright_core::limits;
use serde::{Deserialize, Deserializer};

use crate::sql::{Sql, args};
use crate::{StoreError, Uuid};

/// Events taken in one commit; a purge may make more, and what is beyond waits for the commits that
/// follow. (ours)
const TAKEN: usize = 4096;

/// A change as its subscribers see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RegistryEvent {
    /// `CREATED`, `UPDATED`, `DELETED`, `ADDED` or `REMOVED`.
    pub operation: String,
    /// What changed.
    pub subject: EventSubject,
}

/// What changed, as it is after the change, or was before it went.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the fields are those of the tables")]
pub enum EventSubject {
    /// A thing.
    Thing {
        thing: String,
        id: Uuid,
        version: i64,
        type_name: Option<String>,
        attributes: BTreeMap<String, String>,
    },
    /// A thing has a type, or has it no more.
    Association { thing: String, id: Uuid, type_name: String },
    /// A thing type; `deprecated` in milliseconds since 1970.
    ThingType {
        type_name: String,
        id: Uuid,
        deprecated: Option<i64>,
        searchable: Vec<String>,
        description: Option<String>,
    },
    /// A thing group, with those above it, the top one first, by name and id.
    Group {
        group: String,
        id: Uuid,
        version: i64,
        description: Option<String>,
        attributes: BTreeMap<String, String>,
        above: Vec<(String, Uuid)>,
    },
    /// A thing is in a group, or no more.
    Membership { group: String, group_id: Uuid, thing: String, thing_id: Uuid },
    /// A group is in another, or no more.
    Hierarchy { group: String, id: Uuid, child: String, child_id: Uuid },
    /// A certificate; ids in lower-case hexadecimal.
    Certificate { certificate: String, status: String, ca: Option<String> },
    /// A CA certificate, its id in lower-case hexadecimal.
    CaCertificate { certificate: String, status: String, auto_registration: bool, version: i64 },
    /// A policy and its default version.
    Policy { policy: String, version: i64 },
}

/// The triggers' notes; not every kind has every member.
#[derive(Deserialize)]
struct Note {
    #[serde(default)]
    thing: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    child: String,
    #[serde(default)]
    certificate: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    policy: String,
    #[serde(default, rename = "type")]
    type_name: Option<String>,
    #[serde(default, deserialize_with = "identifier")]
    id: Uuid,
    #[serde(default, deserialize_with = "identifier")]
    thing_id: Uuid,
    #[serde(default, deserialize_with = "identifier")]
    group_id: Uuid,
    #[serde(default, deserialize_with = "identifier")]
    child_id: Uuid,
    #[serde(default)]
    auto_registration: bool,
    #[serde(default)]
    version: i64,
    #[serde(default)]
    deprecated: Option<i64>,
    #[serde(default)]
    parent_row: Option<i64>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    ca: Option<String>,
    #[serde(default)]
    searchable: Vec<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
}

fn identifier<'de, D: Deserializer<'de>>(input: D) -> Result<Uuid, D::Error> {
    let text = String::deserialize(input)?;
    let number = u128::from_str_radix(&text, 16).map_err(serde::de::Error::custom)?;
    Ok(Uuid(number.to_be_bytes()))
}

/// Takes what the triggers noted in this transaction, or left of an earlier one, oldest first.
pub(crate) fn take(sql: &Sql<'_>) -> Result<Vec<RegistryEvent>, StoreError> {
    let noted: Vec<(i64, String, String, String)> = sql.all(
        "SELECT row_id, kind, operation, subject FROM registry_events ORDER BY row_id LIMIT $1",
        args![TAKEN],
        |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
    )?;
    let Some((last, ..)) = noted.last() else { return Ok(Vec::new()) };
    sql.execute("DELETE FROM registry_events WHERE row_id <= $1", args![*last])?;
    let read = |(_, kind, operation, text): (i64, String, String, String)| {
        let note = serde_json::from_str(&text)
            .map_err(|error| StoreError::Corrupt(format!("an event of {kind}: {error}")))?;
        Ok(RegistryEvent { operation, subject: subject(sql, &kind, note)? })
    };
    noted.into_iter().map(read).collect()
}

fn subject(sql: &Sql<'_>, kind: &str, note: Note) -> Result<EventSubject, StoreError> {
    let Note { id, version, description, attributes, type_name, .. } = note;
    Ok(match kind {
        "THING" => EventSubject::Thing { thing: note.thing, id, version, type_name, attributes },
        "THING_TYPE_ASSOCIATION" => EventSubject::Association {
            thing: note.thing,
            id,
            type_name: type_name.unwrap_or_default(),
        },
        "THING_TYPE" => EventSubject::ThingType {
            type_name: type_name.unwrap_or_default(),
            id,
            deprecated: note.deprecated,
            searchable: note.searchable,
            description,
        },
        "THING_GROUP" => EventSubject::Group {
            group: note.group,
            id,
            version,
            description,
            attributes,
            above: note.parent_row.map(|row| above(sql, row)).transpose()?.unwrap_or_default(),
        },
        "THING_GROUP_MEMBERSHIP" => EventSubject::Membership {
            group: note.group,
            group_id: note.group_id,
            thing: note.thing,
            thing_id: note.thing_id,
        },
        "THING_GROUP_HIERARCHY" => EventSubject::Hierarchy {
            group: note.group,
            id,
            child: note.child,
            child_id: note.child_id,
        },
        "CERTIFICATE" => EventSubject::Certificate {
            certificate: note.certificate,
            status: note.status,
            ca: note.ca.filter(|id| !id.is_empty()),
        },
        "CA_CERTIFICATE" => EventSubject::CaCertificate {
            certificate: note.certificate,
            status: note.status,
            auto_registration: note.auto_registration,
            version,
        },
        "POLICY" => EventSubject::Policy { policy: note.policy, version },
        other => return Err(StoreError::Corrupt(format!("an event of unknown kind {other}"))),
    })
}

/// The groups from the top down to one, that one last.
fn above(sql: &Sql<'_>, group: i64) -> Result<Vec<(String, Uuid)>, StoreError> {
    sql.all(
        "WITH RECURSIVE line (group_row, depth) AS (SELECT row_id, 1 FROM thing_groups \
         WHERE row_id = $1 UNION ALL SELECT g.parent_row, line.depth + 1 FROM line \
         JOIN thing_groups g ON g.row_id = line.group_row \
         WHERE g.parent_row IS NOT NULL AND line.depth < $2) \
         SELECT g.name, g.group_id FROM line JOIN thing_groups g ON g.row_id = line.group_row \
         ORDER BY line.depth DESC",
        args![group, limits::GROUP_DEPTH],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Arc, Mutex};

    use fleetwright_core::arn::Home;
    use fleetwright_core::names::{AccountId, Region};

    use super::*;
    use crate::{Change, Store};

    #[tokio::test]
    async fn events_beyond_what_one_commit_takes_are_told_by_those_that_follow() {
        let dir = tempfile::tempdir().unwrap();
        let told = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&told);
        let sink = Arc::new(move |change: &Change| {
            if let Change::Registry(event) = change {
                heard.lock().unwrap().push(event.as_ref().clone());
            }
        });
        let home = Home {
            region: Region::parse("us-east-1").unwrap(),
            account: AccountId::parse("123456789012").unwrap(),
        };
        let path = dir.path().join("fleetwright.db");
        let store = Store::open(path.to_str().unwrap(), home, sink).unwrap();
        let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
             INSERT INTO registry_events (kind, operation, subject) \
             SELECT 'POLICY', 'CREATED', json_object('policy', 'p' || i, 'version', 1) FROM n";
        store.write(|sql| sql.execute(many, &[])).await.unwrap();
        assert_eq!(told.lock().unwrap().len(), TAKEN);
        while store.follow_membership().await.unwrap() {}
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 5000);
        assert_eq!(told.iter().collect::<HashSet<_>>().len(), 5000);
    }
}
