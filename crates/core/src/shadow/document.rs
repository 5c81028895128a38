//! A shadow's document: two sections, each with the time of every value.

use super::merge::{self, Section};
use crate::time::Timestamp;
use crate::tree::{Members, Tree};

/// A shadow.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shadow {
    /// Rises with every accepted update, from 1.
    pub version: u64,
    pub(super) desired: Section,
    pub(super) reported: Section,
}

/// A shadow as the registry keeps it: JSON texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredShadow {
    /// The version.
    pub version: u64,
    /// `{"desired": …, "reported": …}`, without empty sections.
    pub state: String,
    /// The same with `{"timestamp": seconds}` in place of every value.
    pub metadata: String,
}

impl Shadow {
    /// The shadow that was stored; `None` when the texts are none of ours.
    pub fn from_stored(stored: &StoredShadow) -> Option<Self> {
        let read = |text: &str| match Tree::from_json(text.as_bytes()) {
            Ok(Tree::Map(members)) => Some(members),
            _ => None,
        };
        let (state, metadata) = (read(&stored.state)?, read(&stored.metadata)?);
        let section = |name: &str| Section { values: of(&state, name), times: of(&metadata, name) };
        let (desired, reported) = (section("desired"), section("reported"));
        Some(Self { version: stored.version, desired, reported })
    }

    /// What is to be stored.
    pub fn to_stored(&self) -> StoredShadow {
        StoredShadow {
            version: self.version,
            state: Tree::Map(self.state()).to_json(),
            metadata: Tree::Map(self.metadata()).to_json(),
        }
    }

    /// Bytes of both sections as compact JSON.
    pub(super) fn bytes(&self) -> usize {
        let bytes = |section: &Section| match section.values.is_empty() {
            true => 0,
            false => Tree::Map(section.values.clone()).to_json().len(),
        };
        bytes(&self.desired) + bytes(&self.reported)
    }

    pub(crate) fn state(&self) -> Members {
        sections(&self.desired.values, &self.reported.values)
    }

    pub(crate) fn metadata(&self) -> Members {
        sections(&self.desired.times, &self.reported.times)
    }

    /// What is desired and not reported, and the times of these values; empty when there is nothing.
    pub(crate) fn delta(&self) -> Section {
        merge::delta(&self.desired, &self.reported.values)
    }

    /// The document of `get`: with the delta in its state, at a time.
    pub(super) fn whole(&self, now: Timestamp) -> Vec<(String, Tree)> {
        let mut state: Vec<(String, Tree)> = self.state().into_iter().collect();
        let delta = self.delta().values;
        if !delta.is_empty() {
            state.push(("delta".to_owned(), Tree::Map(delta)));
        }
        vec![
            ("state".to_owned(), Tree::Map(state.into_iter().collect())),
            ("metadata".to_owned(), Tree::Map(self.metadata())),
            ("version".to_owned(), number(self.version)),
            ("timestamp".to_owned(), seconds(now)),
        ]
    }
}

fn of(members: &Members, name: &str) -> Members {
    match members.get(name) {
        Some(Tree::Map(section)) => section.clone(),
        _ => Members::default(),
    }
}

/// Empty sections are left out.
fn sections(desired: &Members, reported: &Members) -> Members {
    let both = [("desired", desired), ("reported", reported)];
    both.into_iter()
        .filter(|(_, section)| !section.is_empty())
        .map(|(name, section)| (name.to_owned(), Tree::Map(section.clone())))
        .collect()
}

pub(super) fn number(value: u64) -> Tree {
    Tree::Number(value.to_string())
}

/// A time in payloads: whole seconds.
pub(super) fn seconds(time: Timestamp) -> Tree {
    Tree::Number((time.0 / 1000).to_string())
}
