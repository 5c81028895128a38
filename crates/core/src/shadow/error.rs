//! Why a request to a shadow is refused.

use std::fmt;

use super::ShadowId;
use crate::payload::encode::{Field, encode};
use crate::reserved_topic::Format;

/// A refusal; the texts are AWS's ("Device Shadow error messages", IoT Developer Guide), for clients
/// match on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShadowError {
    /// As in HTTP.
    pub code: u16,
    /// For clients and people.
    pub message: String,
}

impl ShadowError {
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self { code: 400, message: message.into() }
    }

    /// The version that was named is not the current one.
    pub fn version_conflict() -> Self {
        Self { code: 409, message: "Version conflict".to_owned() }
    }

    pub(super) fn encoding() -> Self {
        let message = "Unsupported documented encoding; supported encoding is UTF-8".to_owned();
        Self { code: 415, message }
    }

    /// The blanks are AWS's.
    pub(super) fn too_large(bytes: usize, most: usize) -> Self {
        let message = format!("Json document too large.  Size is {bytes}, max allowed: {most}");
        Self { code: 413, message }
    }

    pub(super) fn too_deep(most: usize) -> Self {
        Self::invalid(format!("JSON contains too many levels of nesting; maximum is {most}"))
    }

    /// More requests to one shadow than its rate allows.
    pub fn too_many_requests() -> Self {
        Self { code: 429, message: "Too many requests".to_owned() }
    }

    /// There is no such shadow, or no more.
    pub fn absent(shadow: &ShadowId) -> Self {
        let message = format!("No shadow exists with name: '{}'", shadow.shown());
        Self { code: 404, message }
    }

    /// A thing has as many named shadows as it may.
    pub fn too_many(most: usize) -> Self {
        Self::invalid(format!("The thing has {most} named shadows, the most that are kept"))
    }

    /// The server cannot do its work.
    pub fn internal() -> Self {
        Self { code: 500, message: "Internal service failure".to_owned() }
    }

    /// The payload of `…/rejected`.
    pub fn payload(&self, token: Option<&str>) -> Vec<u8> {
        let mut fields = vec![
            ("code", Field::Number(self.code.into())),
            ("message", Field::Text(&self.message)),
        ];
        fields.extend(token.map(|token| ("clientToken", Field::Text(token))));
        encode(&fields, Format::Json)
    }
}

impl fmt::Display for ShadowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.message)
    }
}

impl std::error::Error for ShadowError {}
