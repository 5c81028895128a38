//! The other messages about shadows.

use serde::Deserialize;

use super::document::{number, seconds};
use super::{Shadow, ShadowError};
use crate::service_request::CLIENT_TOKEN_BYTES;
use crate::time::Timestamp;
use crate::tree::{Members, Tree};

/// Something with the token by which its asker knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said<T> {
    /// What.
    pub what: T,
    /// The token of the request, if it had a good one.
    pub token: Option<String>,
}

/// Reads the payload of `get` or `delete`, which may be anything: the version that it names, and its
/// token.
pub fn read_lenient(payload: &[u8]) -> Said<Option<u64>> {
    let Ok(Tree::Map(members)) = Tree::from_json(payload) else {
        return Said { what: None, token: None };
    };
    let version = match members.get("version") {
        Some(Tree::Number(number)) => number.parse().ok(),
        _ => None,
    };
    Said { what: version, token: token(&members).unwrap_or_default() }
}

/// The document of `get`, by MQTT and HTTP.
pub fn got(shadow: &Shadow, now: Timestamp, token: Option<&str>) -> Vec<u8> {
    let members = shadow.whole(now);
    payload(members.iter().map(|(name, value)| (name.as_str(), value.clone())), token)
}

/// What is told of a deletion: the version of the document that was deleted.
pub fn deleted(version: u64, now: Timestamp, token: Option<&str>) -> Vec<u8> {
    payload([("version", number(version)), ("timestamp", seconds(now))], token)
}

/// What `ListNamedShadowsForThing` answers; `next` is where the next page begins.
pub fn listed(names: &[String], next: Option<&str>, now: Timestamp) -> Vec<u8> {
    let names = names.iter().map(|name| Tree::Text(name.clone())).collect();
    let next = next.map(|next| ("nextToken", Tree::Text(next.to_owned())));
    let members = [("results", Tree::List(names)), ("timestamp", seconds(now))];
    payload(members.into_iter().chain(next), None)
}

/// The token of a request.
///
/// # Errors
/// One that is no text, or too long.
pub(super) fn token(members: &Members) -> Result<Option<String>, ShadowError> {
    match members.get("clientToken") {
        None => Ok(None),
        Some(Tree::Text(token)) if token.len() <= CLIENT_TOKEN_BYTES => Ok(Some(token.clone())),
        Some(_) => Err(ShadowError::invalid("Invalid clientToken")),
    }
}

/// The token of a request that is JSON and nested deeper than any document is read.
pub(super) fn token_unread(payload: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Envelope {
        #[serde(rename = "clientToken")]
        token: Option<String>,
    }
    let read: Envelope = serde_json::from_slice(payload).ok()?;
    read.token.filter(|token| token.len() <= CLIENT_TOKEN_BYTES)
}

pub(super) fn object<'a>(members: impl IntoIterator<Item = (&'a str, Tree)>) -> Tree {
    Tree::Map(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

pub(super) fn payload<'a>(
    members: impl IntoIterator<Item = (&'a str, Tree)>,
    token: Option<&str>,
) -> Vec<u8> {
    let token = token.map(|token| ("clientToken", Tree::Text(token.to_owned())));
    object(members.into_iter().chain(token)).to_json().into_bytes()
}
