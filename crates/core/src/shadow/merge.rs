//! Merging a patch into a section, and what of it is not reported yet.
//!
//! AWS: "Device Shadow service documents", IoT Developer Guide. Depth is bounded by the reader of the
//! request and by the shadow's own limit.

use crate::number;
use crate::tree::{Members, Tree};

/// A section's values, and the same tree with a time in place of every value.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Section {
    pub(crate) values: Members,
    pub(super) times: Members,
}

/// A section after a patch at a time: `null` removes, objects are merged, all else replaces. What is
/// sent gets the new time even where it is what was there.
pub(super) fn patched(section: &Section, patch: &Members, now: &Tree) -> Section {
    let mut merged = section.clone();
    for (name, value) in patch.iter() {
        let earlier = (merged.values.get(name), merged.times.get(name));
        match patched_value(earlier, value, now) {
            Some((value, times)) => {
                merged.values.set(name, value);
                merged.times.set(name, times);
            }
            None => {
                merged.values.remove(name);
                merged.times.remove(name);
            }
        }
    }
    merged
}

fn patched_value(
    earlier: (Option<&Tree>, Option<&Tree>),
    patch: &Tree,
    now: &Tree,
) -> Option<(Tree, Tree)> {
    match patch {
        Tree::Null => None,
        Tree::Map(patch) => {
            let members = |tree: Option<&Tree>| match tree {
                Some(Tree::Map(members)) => Some(members.clone()),
                _ => None,
            };
            // Into nothing, or over a scalar, an object is merged into an empty one: its nulls go.
            let (values, times) = match (members(earlier.0), members(earlier.1)) {
                (Some(values), Some(times)) => (values, times),
                _ => Default::default(),
            };
            let Section { values, times } = patched(&Section { values, times }, patch, now);
            Some((Tree::Map(values), Tree::Map(times)))
        }
        value => Some((value.clone(), stamped(value, now))),
    }
}

/// The tree of a request with a time in place of every value, `null` included.
pub(super) fn stamped(value: &Tree, now: &Tree) -> Tree {
    match value {
        Tree::Map(members) => {
            Tree::Map(members.iter().map(|(n, v)| (n.to_owned(), stamped(v, now))).collect())
        }
        Tree::List(items) => Tree::List(items.iter().map(|item| stamped(item, now)).collect()),
        _ => Tree::Map([("timestamp".to_owned(), now.clone())].into_iter().collect()),
    }
}

/// Values of `desired` that `reported` has not, or otherwise; and their times.
pub(super) fn delta(desired: &Section, reported: &Members) -> Section {
    let mut delta = Section::default();
    for (name, wanted) in desired.values.iter() {
        let times = desired.times.get(name).cloned().unwrap_or(Tree::Null);
        let (value, times) = match (wanted, &times, reported.get(name)) {
            (_, _, None) => (wanted.clone(), times),
            (Tree::Map(wanted), Tree::Map(times), Some(Tree::Map(found))) => {
                let section = Section { values: wanted.clone(), times: times.clone() };
                let inner = self::delta(&section, found);
                if inner.values.is_empty() {
                    continue;
                }
                (Tree::Map(inner.values), Tree::Map(inner.times))
            }
            (wanted, _, Some(found)) if equal(wanted, found) => continue,
            _ => (wanted.clone(), times),
        };
        delta.values.set(name, value);
        delta.times.set(name, times);
    }
    delta
}

/// Numbers are compared by value, objects without regard to order.
fn equal(one: &Tree, other: &Tree) -> bool {
    match (one, other) {
        (Tree::Number(one), Tree::Number(other)) => number::is_equal(one, other),
        (Tree::List(one), Tree::List(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| equal(a, b))
        }
        (Tree::Map(one), Tree::Map(other)) => {
            one.iter().len() == other.iter().len()
                && one.iter().all(|(name, a)| other.get(name).is_some_and(|b| equal(a, b)))
        }
        _ => one == other,
    }
}

/// How deep objects and arrays are nested in a value; 0 is a value alone.
pub(super) fn depth(value: &Tree) -> usize {
    match value {
        Tree::Map(members) => 1 + members.iter().map(|(_, value)| depth(value)).max().unwrap_or(0),
        Tree::List(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// Whether there is a `null` in an array, at any depth.
pub(super) fn has_null_in_array(value: &Tree) -> bool {
    match value {
        Tree::Map(members) => members.iter().any(|(_, value)| has_null_in_array(value)),
        Tree::List(items) => {
            items.iter().any(|item| *item == Tree::Null || has_null_in_array(item))
        }
        _ => false,
    }
}
