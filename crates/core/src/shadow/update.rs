//! `update`: what a request asks, whether it may be, and what comes of it.

use super::document::{number, seconds};
use super::merge::{depth, has_null_in_array, patched, stamped};
use super::message::{self, Said};
use super::{Shadow, ShadowError, ShadowLimits};
use crate::limits::VALUE_DEPTH;
use crate::text::utf8;
use crate::time::Timestamp;
use crate::tree::{Members, Tree};

/// A request to update, in order by itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Update {
    /// As it was sent.
    state: Tree,
    desired: Patch,
    reported: Patch,
    version: Option<u64>,
    token: Option<String>,
}

/// What becomes of a section.
#[derive(Debug, Clone, PartialEq)]
enum Patch {
    Untouched,
    Removed,
    Merged(Members),
}

/// An update that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Updated {
    /// To be stored.
    pub shadow: Shadow,
    /// The payload of `…/update/accepted`, and the body over HTTP.
    pub accepted: Vec<u8>,
    /// The payload of `…/update/delta`, if there is a difference.
    pub delta: Option<Vec<u8>>,
    /// The payload of `…/update/documents`.
    pub documents: Vec<u8>,
}

impl Update {
    /// Reads a request document. The error comes with the token that is echoed.
    ///
    /// # Errors
    /// The first rule that it breaks, in AWS's words.
    pub fn read(payload: &[u8], limits: &ShadowLimits) -> Result<Self, Said<ShadowError>> {
        let untold = |error| Said { what: error, token: None };
        if utf8(payload).is_err() {
            return Err(untold(ShadowError::encoding()));
        }
        let members = match Tree::from_json(payload) {
            Ok(Tree::Map(members)) => members,
            Err(_) if Tree::nesting(payload).is_some_and(|levels| levels > VALUE_DEPTH) => {
                let token = message::token_unread(payload);
                return Err(Said { what: ShadowError::too_deep(limits.depth), token });
            }
            _ => return Err(untold(ShadowError::invalid("Invalid JSON"))),
        };
        let token = message::token(&members).map_err(untold)?;
        Self::from_members(&members, limits)
            .map(|update| Self { token: token.clone(), ..update })
            .map_err(|what| Said { what, token })
    }

    fn from_members(members: &Members, limits: &ShadowLimits) -> Result<Self, ShadowError> {
        let invalid = |message: &str| ShadowError::invalid(message);
        let state = members.get("state").ok_or_else(|| invalid("Missing required node: state"))?;
        let (desired, reported) = match state {
            Tree::Null => (Patch::Removed, Patch::Removed),
            Tree::Map(sections) => {
                let known = |name: &str| matches!(name, "desired" | "reported");
                if let Some((unknown, _)) = sections.iter().find(|(name, _)| !known(name)) {
                    return Err(ShadowError::invalid(format!(
                        "State contains an invalid node: '{unknown}'"
                    )));
                }
                (patch(sections, "desired", "Desired")?, patch(sections, "reported", "Reported")?)
            }
            _ => return Err(invalid("State node must be an object")),
        };
        let version = match members.get("version") {
            None | Some(Tree::Null) => None,
            Some(Tree::Number(number)) => {
                Some(number.parse().map_err(|_| invalid("Invalid version"))?)
            }
            Some(_) => return Err(invalid("Invalid version")),
        };
        if has_null_in_array(state) {
            return Err(invalid("State contains an invalid node"));
        }
        let too_deep = |patch: &Patch| match patch {
            Patch::Merged(section) => depth(&Tree::Map(section.clone())) > limits.depth,
            Patch::Untouched | Patch::Removed => false,
        };
        if too_deep(&desired) || too_deep(&reported) {
            return Err(ShadowError::too_deep(limits.depth));
        }
        Ok(Self { state: state.clone(), desired, reported, version, token: None })
    }

    /// The token of the asker.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Makes the update, of a shadow that is there or not; `deleted` is the version that an earlier
    /// one of its name left.
    ///
    /// # Errors
    /// A version that is not the current one, or a document that is too large.
    pub fn apply(
        &self,
        earlier: Option<&Shadow>,
        deleted: Option<u64>,
        now: Timestamp,
        limits: &ShadowLimits,
    ) -> Result<Updated, ShadowError> {
        let current = earlier.map_or(deleted.unwrap_or(0), |shadow| shadow.version);
        if self.version.is_some_and(|version| version != current) {
            return Err(ShadowError::version_conflict());
        }
        let at = seconds(now);
        let nothing = Shadow::default();
        let before = earlier.unwrap_or(&nothing);
        let section = |section, patch: &Patch| match patch {
            Patch::Untouched => Clone::clone(section),
            Patch::Removed => Default::default(),
            Patch::Merged(patch) => patched(section, patch, &at),
        };
        let shadow = Shadow {
            version: current.saturating_add(1),
            desired: section(&before.desired, &self.desired),
            reported: section(&before.reported, &self.reported),
        };
        let bytes = shadow.bytes();
        if bytes > limits.bytes {
            return Err(ShadowError::too_large(bytes, limits.bytes));
        }
        Ok(Updated {
            accepted: self.accepted(&shadow, &at),
            delta: self.delta(&shadow, &at),
            documents: self.documents(earlier, &shadow, &at),
            shadow,
        })
    }

    fn accepted(&self, shadow: &Shadow, at: &Tree) -> Vec<u8> {
        self.say([
            ("state", self.state.clone()),
            ("metadata", stamped(&self.state, at)),
            ("version", number(shadow.version)),
            ("timestamp", at.clone()),
        ])
    }

    fn delta(&self, shadow: &Shadow, at: &Tree) -> Option<Vec<u8>> {
        let delta = shadow.delta();
        (!delta.values.is_empty()).then(|| {
            self.say([
                ("version", number(shadow.version)),
                ("timestamp", at.clone()),
                ("state", Tree::Map(delta.values)),
                ("metadata", Tree::Map(delta.times)),
            ])
        })
    }

    fn documents(&self, earlier: Option<&Shadow>, shadow: &Shadow, at: &Tree) -> Vec<u8> {
        let document = |shadow: &Shadow| {
            message::object([
                ("state", Tree::Map(shadow.state())),
                ("metadata", Tree::Map(shadow.metadata())),
                ("version", number(shadow.version)),
            ])
        };
        let previous = earlier.map(|earlier| ("previous", document(earlier)));
        let rest = [("current", document(shadow)), ("timestamp", at.clone())];
        self.say(previous.into_iter().chain(rest))
    }

    fn say<'a>(&self, members: impl IntoIterator<Item = (&'a str, Tree)>) -> Vec<u8> {
        message::payload(members, self.token.as_deref())
    }
}

fn patch(sections: &Members, name: &str, shown: &str) -> Result<Patch, ShadowError> {
    match sections.get(name) {
        None => Ok(Patch::Untouched),
        Some(Tree::Null) => Ok(Patch::Removed),
        Some(Tree::Map(section)) => Ok(Patch::Merged(section.clone())),
        Some(_) => Err(ShadowError::invalid(format!("{shown} node must be an object"))),
    }
}
