//! A value as a peer sent it, JSON or CBOR, read with a bound on depth and without duplicate
//! members. Maps keep their order.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{limits, text};

mod cbor;
mod json;

pub(crate) use json::write_text;

#[cfg(test)]
mod tests;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tree {
    Null,
    Bool(bool),
    /// A number in JSON's spelling.
    Number(String),
    Text(String),
    List(Vec<Tree>),
    Map(Members),
    /// A CBOR item that JSON has no word for (byte strings, other simple values).
    Other(&'static str),
}

/// The members of a map in the order of the text; names are unique, unless it was read
/// [with duplicates](Tree::from_json_with_duplicates).
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Members(Vec<(String, Tree)>);

impl Members {
    pub(crate) fn get(&self, name: &str) -> Option<&Tree> {
        self.iter().find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tree)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Sets a member, in its place or behind the others.
    pub(crate) fn set(&mut self, name: &str, value: Tree) {
        match self.0.iter_mut().find(|(key, _)| key == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(key, _)| key != name);
    }

    /// The only member of a map that has exactly one.
    pub(crate) fn single(&self) -> Option<(&str, &Tree)> {
        match self.0.as_slice() {
            [(key, value)] => Some((key, value)),
            _ => None,
        }
    }
}

impl IntoIterator for Members {
    type Item = (String, Tree);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<(String, Tree)> for Members {
    /// For names known to be unique.
    fn from_iter<I: IntoIterator<Item = (String, Tree)>>(members: I) -> Self {
        Self(members.into_iter().collect())
    }
}

/// Collects members and refuses a name that comes twice.
#[derive(Default)]
struct Gatherer {
    seen: BTreeSet<String>,
    members: Vec<(String, Tree)>,
}

impl Gatherer {
    fn claim(&mut self, name: &str) -> Result<(), Malformed> {
        if self.seen.insert(name.to_owned()) {
            return Ok(());
        }
        let shown = text::shown(name);
        Err(Malformed(format!("member '{shown}' appears more than once")))
    }

    fn add(&mut self, name: String, value: Tree) {
        self.members.push((name, value));
    }

    fn finish(self) -> Members {
        Members(self.members)
    }
}

/// Bytes are not a value that we read. `Display` is fit for the wire and quotes no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Malformed(pub(crate) String);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Tree {
    /// Reads one JSON text: UTF-8, at most [`limits::VALUE_DEPTH`] nested arrays and objects, no
    /// duplicate members, nothing behind it.
    pub(crate) fn from_json(bytes: &[u8]) -> Result<Self, Malformed> {
        json::read(bytes)
    }

    /// How deep arrays and objects are nested in a JSON text, however deep that is; `None` when it is
    /// no JSON.
    pub(crate) fn nesting(bytes: &[u8]) -> Option<usize> {
        json::nesting(bytes)
    }

    /// As [`Self::from_json`], with duplicate members as they stand in the text: for a reader that
    /// makes the names unique itself.
    pub(crate) fn from_json_with_duplicates(bytes: &[u8]) -> Result<Self, Malformed> {
        json::read_with_duplicates(bytes)
    }

    /// Reads one CBOR item with text keys, under the same rules; tags are looked through.
    pub(crate) fn from_cbor(bytes: &[u8]) -> Result<Self, Malformed> {
        cbor::read(bytes)
    }

    /// The value as compact JSON text; a CBOR item without a JSON form becomes `null`.
    pub(crate) fn to_json(&self) -> String {
        let mut text = String::new();
        json::write(self, &mut text);
        text
    }

    /// What kind of value this is, for messages.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::List(_) => "an array",
            Self::Map(_) => "an object",
            Self::Other(kind) => kind,
        }
    }

    /// Reads an object of texts, within the bounds on `RegisterThing`'s parameters; errors name
    /// `member`.
    pub(crate) fn parameters(&self, member: &str) -> Result<BTreeMap<String, String>, Malformed> {
        let Self::Map(members) = self else {
            return Err(Malformed(format!(
                "{member} must be an object of strings, not {}",
                self.kind()
            )));
        };
        if members.iter().len() > limits::REGISTER_PARAMETERS {
            return Err(Malformed(format!(
                "{member} must have at most {} members",
                limits::REGISTER_PARAMETERS
            )));
        }
        members.iter().map(|(name, value)| parameter(member, name, value)).collect()
    }
}

fn parameter(member: &str, name: &str, value: &Tree) -> Result<(String, String), Malformed> {
    let shown = text::shown(name);
    if name.chars().count() > limits::PARAMETER_KEY_CHARS {
        return Err(Malformed(format!(
            "{member}: the name '{shown}…' must have at most {} characters",
            limits::PARAMETER_KEY_CHARS
        )));
    }
    match value {
        Tree::Text(text) if text.chars().count() <= limits::PARAMETER_VALUE_CHARS => {
            Ok((name.to_owned(), text.clone()))
        }
        Tree::Text(_) => Err(Malformed(format!(
            "{member}.{shown} must have at most {} characters",
            limits::PARAMETER_VALUE_CHARS
        ))),
        other => Err(Malformed(format!("{member}.{shown} must be a string, not {}", other.kind()))),
    }
}
