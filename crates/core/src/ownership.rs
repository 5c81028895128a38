//! The certificate ownership token: bound to one certificate, until an instant, spent by the
//! first success. The store keeps only the token's digest.
//!
//! AWS documents one hour of life and nothing else; that a token is spent by its first success,
//! and that the same request is then answered again, are our choices.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::error::{ErrorCode, Refusal};
use crate::limits;
use crate::names::TemplateName;
use crate::time::Timestamp;

#[cfg(test)]
mod tests;

/// The text of a token: at most [`limits::OWNERSHIP_TOKEN_CHARS`] ASCII characters. A secret:
/// `Debug` does not show it and there is no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct TokenText(Box<str>);

impl TokenText {
    /// A new token from 32 random bytes: 43 characters of URL-safe base64.
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self(URL_SAFE_NO_PAD.encode(bytes).into())
    }

    /// Takes a token as a device sent it.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidToken`] when it is empty, longer than
    /// [`limits::OWNERSHIP_TOKEN_CHARS`] or not ASCII.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.is_empty() {
            // AWS: this text byte for byte, observed in aws-iot-device-sdk-js-v2#69.
            let message = "Certificate ownership token cannot be empty.";
            return Err(Refusal::new(ErrorCode::InvalidToken, message));
        }
        if text.len() > limits::OWNERSHIP_TOKEN_CHARS || !text.is_ascii() {
            return Err(Refusal::new(ErrorCode::InvalidToken, UNKNOWN));
        }
        Ok(Self(text.into()))
    }

    /// The token as text, for the answer to the device that shall own it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the store looks the token up by.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl fmt::Debug for TokenText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenText(…)")
    }
}

/// SHA-256 of a token's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest(pub [u8; 32]);

impl TokenDigest {
    /// The digest of a token's text, whatever it is.
    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }
}

/// SHA-256 over what a `RegisterThing` request asks: two requests are the same if and only if
/// their digests are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestDigest(pub [u8; 32]);

/// The digest of a request: the template and the parameters as the device sent them, before any
/// hook. Lengths are hashed with the texts, so that no two requests run together.
pub fn request_digest(
    template: &TemplateName,
    parameters: &BTreeMap<String, String>,
) -> RequestDigest {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    };
    add(template.as_str());
    for (name, value) in parameters {
        add(name);
        add(value);
    }
    RequestDigest(hash.finalize().into())
}

/// The instant at which a token made at `now` ends: one hour later.
pub fn valid_until(now: Timestamp) -> Timestamp {
    now.plus_millis(limits::OWNERSHIP_TOKEN_MILLIS)
}

/// Where a known token stands. `A` is whatever the store keeps of the first answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership<A> {
    /// No registration has succeeded with it.
    Unspent {
        /// The last moment at which it is good.
        until: Timestamp,
    },
    /// A registration has succeeded with it.
    Spent {
        /// What was asked then.
        request: RequestDigest,
        /// What was answered then.
        answer: A,
        /// The last moment at which the answer may be given again.
        until: Timestamp,
    },
}

/// What may be done with a token that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement<A> {
    /// Go on with the registration.
    Proceed,
    /// The same request has succeeded before: give its answer again and change nothing.
    Replay(A),
}

const UNKNOWN: &str = "The certificate ownership token is not known here: it was changed on the \
                       way, belongs to another server, or expired. Create the certificate again.";

/// Judges a token: `state` is what the store knows of it, `None` when nothing.
///
/// # Errors
/// [`ErrorCode::InvalidToken`], and the message tells unknown, expired and already used apart.
pub fn judge<A>(
    state: Option<Ownership<A>>,
    now: Timestamp,
    request: RequestDigest,
) -> Result<Judgement<A>, Refusal> {
    let refuse = |message: &str| Err(Refusal::new(ErrorCode::InvalidToken, message));
    match state {
        None => refuse(UNKNOWN),
        Some(Ownership::Unspent { until } | Ownership::Spent { until, .. }) if now > until => {
            refuse(
                "The certificate ownership token expired: it is good for one hour. Create the \
                 certificate again and register with the new token.",
            )
        }
        Some(Ownership::Unspent { .. }) => Ok(Judgement::Proceed),
        Some(Ownership::Spent { request: first, answer, .. }) if first == request => {
            Ok(Judgement::Replay(answer))
        }
        Some(Ownership::Spent { .. }) => refuse(
            "The certificate ownership token was already used for another request: its template \
             or parameters differ. Create a new certificate for a new registration.",
        ),
    }
}
