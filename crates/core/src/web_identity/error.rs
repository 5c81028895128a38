//! Why a token proves nothing.

use std::fmt;

/// A token is refused. `Display` is fit for the caller: it names the rule, and of the token no
/// more than its bearer knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenError {
    /// It is no such token, is not for us, or its signature is not its issuer's.
    Invalid(String),
    /// Its time is over; seconds since 1970.
    Expired {
        /// When it was looked at.
        now: i64,
        /// Its `exp`.
        expired: i64,
    },
    /// The issuer has no key of this id that fits the algorithm: its keys may have changed.
    UnknownKey(String),
}

impl TokenError {
    pub(super) fn invalid(why: impl Into<String>) -> Self {
        Self::Invalid(why.into())
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Invalid(why) => f.write_str(why),
            Self::Expired { now, expired } => write!(
                f,
                "Token expired: current date/time {now} must be before the expiration date/time \
                 {expired}"
            ),
            Self::UnknownKey(id) => write!(
                f,
                "No OpenIDConnect provider key matches the token: its issuer publishes no key \
                 '{id}' for the token's algorithm"
            ),
        }
    }
}

impl std::error::Error for TokenError {}
