//! Why credentials are not accepted, in AWS's words where AWS has words, and with the way out.

use fleetwright_core::error::ErrorCode;
use fleetwright_core::matched_text;

use super::time;
use crate::error::{ApiError, ErrorKind};

/// Clock difference that is tolerated, seconds. AWS: five minutes.
pub(super) const SKEW_SECONDS: i64 = 5 * 60;

/// A request's credentials are missing, malformed, unknown or wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AuthError {
    /// Not signed at all.
    Missing,
    /// A part of the signature is missing, doubled or malformed.
    Incomplete(String),
    /// The address cannot be read.
    Malformed(String),
    /// No such access key, or its session token differs.
    UnknownKey { hint: String },
    /// The session of a temporary key has ended.
    SessionOver,
    /// The scope names another region.
    Region { sent: String, ours: String },
    /// The scope names another service.
    Service { sent: String, ours: String },
    /// The scope's date is not that of the request.
    ScopeDate { scope: String, date_time: String },
    /// Signed too long ago, or a presigned URL ran out. Seconds since 1970.
    Expired { signed_at: i64, now: i64, life: i64 },
    /// Signed in the future. Seconds since 1970.
    NotYet { signed_at: i64, now: i64 },
    /// `host` or an `x-amz-*` header is not covered by the signature.
    HeaderNotSigned(String),
    /// A signed header is not in the request.
    SignedHeaderAbsent(String),
    /// `x-amz-content-sha256` is not the body's.
    BodyHash,
    /// The signature is not the holder's.
    Mismatch { host: String },
}

impl AuthError {
    pub(super) fn incomplete(message: impl Into<String>) -> Self {
        Self::Incomplete(message.into())
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Missing => ErrorKind::MissingAuthenticationToken,
            Self::Incomplete(_) => ErrorKind::IncompleteSignature,
            Self::Malformed(_) => ErrorCode::InvalidRequest.into(),
            Self::UnknownKey { .. } => ErrorKind::UnrecognizedClient,
            Self::SessionOver => ErrorKind::ExpiredToken,
            Self::Region { .. }
            | Self::Service { .. }
            | Self::ScopeDate { .. }
            | Self::Expired { .. }
            | Self::NotYet { .. }
            | Self::HeaderNotSigned(_)
            | Self::SignedHeaderAbsent(_)
            | Self::BodyHash
            | Self::Mismatch { .. } => ErrorKind::InvalidSignature,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Missing => "Missing Authentication Token. Sign the request with Signature \
                Version 4, for instance with an AWS SDK or the aws command."
                .into(),
            Self::Incomplete(message) | Self::Malformed(message) => capitalized(message),
            Self::UnknownKey { hint } => {
                format!("{}{hint}", matched_text::INVALID_TOKEN)
            }
            Self::SessionOver => {
                format!("{}. Ask STS for new credentials.", matched_text::EXPIRED_TOKEN)
            }
            Self::Region { sent, ours } => format!(
                "Credential should be scoped to a valid region. The request is signed for \
                 '{sent}', this server is '{ours}': set AWS_REGION or --region to {ours}."
            ),
            Self::Service { sent, ours } => {
                format!("Credential should be scoped to correct service: '{ours}', not '{sent}'.")
            }
            Self::ScopeDate { scope, date_time } => format!(
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
                 from HTTP: '{scope}' != '{}', from '{date_time}'.",
                date_time.get(..8).unwrap_or_default()
            ),
            Self::Expired { signed_at, now, life } => expired(*signed_at, *now, *life),
            Self::NotYet { signed_at, now } => format!(
                "Signature not yet current: {} is still later than {} ({} + 5 min.). The client's \
                 clock is {} seconds ahead of the server's.",
                time::format(*signed_at),
                time::format(now.saturating_add(SKEW_SECONDS)),
                time::format(*now),
                signed_at.saturating_sub(*now)
            ),
            Self::HeaderNotSigned(name) => format!(
                "'Host' and every 'X-Amz-*' header must be signed: '{name}' is not among the \
                 SignedHeaders."
            ),
            Self::SignedHeaderAbsent(name) => format!(
                "The signed header '{name}' is not in the request; a proxy may have removed it."
            ),
            Self::BodyHash => "The header x-amz-content-sha256 is not the SHA-256 of the body in \
                lower-case hexadecimal; unsigned and chunk-signed bodies are not accepted."
                .into(),
            Self::Mismatch { host } => format!(
                "{} The server received Host '{host}': a proxy must pass host, path and query \
                 unchanged.",
                matched_text::SIGNATURE_MISMATCH
            ),
        }
    }
}

fn expired(signed_at: i64, now: i64, life: i64) -> String {
    let (signed, current) = (time::format(signed_at), time::format(now));
    if life == SKEW_SECONDS {
        return format!(
            "Signature expired: {signed} is now earlier than {} ({current} - 5 min.). The \
             client's clock is {} seconds behind the server's.",
            time::format(now.saturating_sub(life)),
            now.saturating_sub(signed_at)
        );
    }
    format!(
        "Signature expired: the presigned URL of {signed} was valid for {life} seconds, and it is \
         now {current}."
    )
}

fn capitalized(message: &str) -> String {
    let mut chars = message.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).chain(['.']).collect(),
        None => String::new(),
    }
}

impl From<AuthError> for ApiError {
    fn from(error: AuthError) -> Self {
        Self::new(error.kind(), error.message())
    }
}
