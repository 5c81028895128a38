//! Each file has things (or thing groups) and cases. A case's `query` finds exactly the documents
//! of these names, or is `refused` with a piece of this message; `narrow` compares what the
//! registry may look for.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::*;
use crate::shadow::{Shadow, ShadowLimits, Update};
use crate::time::Timestamp;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    things: Vec<Thing>,
    #[serde(default)]
    groups: Vec<Group>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Thing {
    name: String,
    #[serde(default)]
    id: String,
    #[serde(rename = "type")]
    type_name: Option<String>,
    #[serde(default)]
    groups: Vec<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    /// Whether, since when, and why not.
    connectivity: Option<(bool, Option<i64>, Option<String>)>,
    /// Updates of shadows by name; the classic one has an empty name.
    shadows: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    description: Option<String>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    parents: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    query: String,
    finds: Option<Vec<String>>,
    refused: Option<String>,
}

fn check(file: &str) {
    let File { things, groups, cases } = serde_json::from_str(file).expect("a case file");
    let things: Vec<ThingDocument> = things.into_iter().map(thing).collect();
    let groups: Vec<GroupDocument> = groups.into_iter().map(group).collect();
    for Case { query, finds, refused } in cases {
        match (Query::parse(&query), finds, refused) {
            (Ok(parsed), Some(finds), None) => {
                let things = things.iter().filter(|thing| parsed.fits(*thing));
                let groups = groups.iter().filter(|group| parsed.fits(*group));
                let names = things.map(|thing| thing.name.clone());
                let found: Vec<String> =
                    names.chain(groups.map(|group| group.name.clone())).collect();
                assert_eq!(found, finds, "{query}");
            }
            (Err(error), None, Some(refused)) => {
                assert!(error.to_string().contains(&refused), "{query}: {error}");
            }
            (parsed, ..) => panic!("{query}: {parsed:?}"),
        }
    }
}

fn thing(thing: Thing) -> ThingDocument {
    let Thing { name, id, type_name, groups, attributes, connectivity, shadows } = thing;
    let connectivity = connectivity.map(|(connected, timestamp, reason)| Connectivity {
        connected,
        timestamp,
        reason,
    });
    let shadows = shadows.map(|documents| {
        let read = |(name, state): (String, String)| (name, shadow(&state));
        let mut named: Vec<_> = documents.into_iter().map(read).collect();
        let classic = named.iter().position(|(name, _)| name.is_empty());
        let classic = classic.map(|at| named.remove(at).1);
        IndexedShadows::of(classic.as_ref(), &named).unwrap()
    });
    ThingDocument { name, id, type_name, groups, attributes, version: 1, connectivity, shadows }
}

/// A shadow after one update.
fn shadow(state: &str) -> Shadow {
    let limits = ShadowLimits::default();
    let update = Update::read(state.as_bytes(), &limits).expect("an update");
    update.apply(None, None, Timestamp(0), &limits).expect("an update").shadow
}

fn group(group: Group) -> GroupDocument {
    let Group { name, description, attributes, parents } = group;
    GroupDocument { name, id: String::new(), description, attributes, parents, version: 1 }
}

#[test]
fn queries_find_what_the_guide_says() {
    check(include_str!("../../../cases/fleet_index/things.json"));
}

#[test]
fn shadows_are_found_by_their_fields() {
    check(include_str!("../../../cases/fleet_index/shadows.json"));
}

#[test]
fn groups_are_found_by_name_description_attributes_and_parents() {
    check(include_str!("../../../cases/fleet_index/groups.json"));
}

#[test]
fn what_is_no_query_is_refused_with_the_reason() {
    check(include_str!("../../../cases/fleet_index/refused.json"));
}

#[test]
fn the_bounds_are_exact() {
    let terms = |count: usize| vec!["a"; count].join(" ");
    assert!(Query::parse(&terms(12)).is_ok());
    assert!(Query::parse(&terms(13)).unwrap_err().to_string().contains("13 terms"));
    let bytes = |count: usize| "a".repeat(count);
    assert!(Query::parse(&bytes(1000)).is_ok());
    assert!(Query::parse(&bytes(1001)).unwrap_err().to_string().contains("1001 bytes"));
    let nested = |depth: usize| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
    assert!(Query::parse(&nested(16)).is_ok());
    assert!(Query::parse(&nested(17)).unwrap_err().to_string().contains("16 levels"));
    let leading = |count: usize| format!("*{}", "a".repeat(count - 1));
    assert!(Query::parse(&leading(100)).is_ok());
    assert!(Query::parse(&leading(101)).unwrap_err().to_string().contains("100 bytes"));
}
