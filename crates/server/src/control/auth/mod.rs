//! Signature Version 4: who signed this request, and is the signature theirs?
//!
//! [`Unverified::read`] judges what needs no secret, before the body is read: parts, scope,
//! clock. [`Unverified::verify`] then recomputes the signature over what was received.

mod canonical;
mod claim;
mod query;
mod refusal;
mod signing_key;
mod time;

#[cfg(test)]
pub(super) mod tests;

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_core::certificate::Instant;
use http::Method;
use http::request::Parts;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::caller::Caller;
use claim::{Claim, single};
pub(crate) use query::{Query, decode};
pub(crate) use refusal::AuthError;
use refusal::SKEW_SECONDS;
pub use signing_key::{SigningKey, SigningScope};
pub(super) use time::format as date_time;

/// The region that global services are signed for. AWS: General Reference, "IAM endpoints".
const GLOBAL_REGION: &str = "us-east-1";
/// Characters of an access key id that are looked up, at most. (ours)
const ACCESS_KEY_ID_MAX: usize = 128;

/// How the id of a temporary access key begins.
pub(crate) const TEMPORARY: &str = "ASIA";

/// An access key that a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AskedKey {
    /// `AKIA…` or `ASIA…`.
    pub id: String,
    /// The session token beside it.
    pub token: Option<String>,
    /// What the request is signed for.
    pub scope: SigningScope,
}

/// An access key with what verifies a request of one scope.
#[derive(Clone)]
pub struct Credentials {
    /// `AKIA…`.
    pub access_key_id: String,
    /// Derived from its secret, for the scope that was asked.
    pub key: SigningKey,
    /// The session token of a temporary key; `None` for a permanent one.
    pub session_token: Option<Zeroizing<String>>,
    /// When a temporary key ends.
    pub expires: Option<Instant>,
    /// For whom the key speaks.
    pub caller: Arc<Caller>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.access_key_id)
    }
}

/// Where and for what a signature must be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) region: &'a str,
    /// Signing names that are accepted; the first is the one that messages recommend.
    pub(crate) services: &'a [&'a str],
    /// Those of them that may be signed for [`GLOBAL_REGION`] as well.
    pub(crate) global: &'a [&'a str],
    pub(crate) now: Instant,
}

/// A request whose signature has the right form and scope and is of today, but is not verified.
#[derive(Debug)]
pub(crate) struct Unverified {
    claim: Claim,
    query: Query,
}

impl Unverified {
    /// Reads the claim and checks scope and clock.
    pub(crate) fn read(parts: &Parts, scope: &Scope<'_>) -> Result<Self, AuthError> {
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        let claim = Claim::read(&parts.headers, &query)?;
        check_scope(&claim, scope)?;
        check_clock(&claim, &parts.method, scope.now.0.div_euclid(1000))?;
        check_signed_headers(&claim, parts)?;
        if claim.access_key_id.chars().count() > ACCESS_KEY_ID_MAX {
            return Err(unknown_key(&claim));
        }
        Ok(Self { claim, query })
    }

    /// The access key that the request names.
    pub(crate) fn asked_key(&self) -> AskedKey {
        let Claim { access_key_id, session_token, date, region, service, .. } = &self.claim;
        let (date, region, service) = (date.clone(), region.clone(), service.clone());
        AskedKey {
            id: access_key_id.clone(),
            token: session_token.clone(),
            scope: SigningScope { date, region, service },
        }
    }

    /// The signing name that the request is scoped to; one of [`Scope::services`].
    pub(crate) fn service(&self) -> &str {
        &self.claim.service
    }

    /// Recomputes the signature; gives the query on success. `credentials` is what is known of
    /// the access key, `None` when there is no such key.
    pub(crate) fn verify(
        self,
        parts: &Parts,
        body: &[u8],
        credentials: Option<&Credentials>,
        now: Instant,
    ) -> Result<Query, AuthError> {
        let Self { claim, query } = self;
        let credentials = credentials.ok_or_else(|| unknown_key(&claim))?;
        check_session_token(&claim, credentials)?;
        let hash = canonical::hex(digest(&SHA256, body).as_ref());
        if let Some(declared) = single(&parts.headers, "x-amz-content-sha256")?
            && declared != hash
        {
            return Err(AuthError::BodyHash);
        }
        let request = canonical::request(
            &parts.method,
            parts.uri.path(),
            &query,
            &parts.headers,
            &claim.signed_headers,
            &hash,
        )?;
        let expected = canonical::signature(&claim, &credentials.key, &request);
        if bool::from(expected.ct_eq(&claim.signature)) {
            return match credentials.expires {
                // The holder alone learns that the session is over.
                Some(expires) if expires <= now => Err(AuthError::SessionOver),
                _ => Ok(query),
            };
        }
        let host = single(&parts.headers, "host")?.unwrap_or_default();
        Err(AuthError::Mismatch { host: host.chars().take(255).collect() })
    }
}

fn unknown_key(claim: &Claim) -> AuthError {
    let id: String = claim.access_key_id.chars().take(32).collect();
    let hint = match (id.starts_with(TEMPORARY), &claim.session_token) {
        (true, None) => {
            " The access key is a temporary one: send its session token, AWS_SESSION_TOKEN.".into()
        }
        (true, Some(_)) => format!(
            " The session token is not one that this server made for '{id}': copy both again from one answer."
        ),
        (false, _) => format!(
            " This server has no active access key '{id}': check AWS_ACCESS_KEY_ID, AWS_PROFILE and the credentials file."
        ),
    };
    AuthError::UnknownKey { hint }
}

fn check_scope(claim: &Claim, scope: &Scope<'_>) -> Result<(), AuthError> {
    let global = scope.global.contains(&claim.service.as_str()) && claim.region == GLOBAL_REGION;
    if claim.region != scope.region && !global {
        let sent = claim.region.chars().take(64).collect();
        return Err(AuthError::Region { sent, ours: scope.region.to_owned() });
    }
    if !scope.services.contains(&claim.service.as_str()) {
        let sent = claim.service.chars().take(64).collect();
        let ours = scope.services.first().copied().unwrap_or_default().to_owned();
        return Err(AuthError::Service { sent, ours });
    }
    if claim.date_time.get(..8) != Some(claim.date.as_str()) {
        let scope = claim.date.chars().take(16).collect();
        return Err(AuthError::ScopeDate { scope, date_time: claim.date_time.clone() });
    }
    Ok(())
}

/// A request may be sent again as it is until it is too old: that is Signature Version 4. So one
/// that may change something is never good for longer than the clock's tolerance, whatever life
/// its presigned URL claims; one that reads lives as long as it says.
fn check_clock(claim: &Claim, method: &Method, now: i64) -> Result<(), AuthError> {
    let signed_at = claim.signed_at;
    if signed_at > now.saturating_add(SKEW_SECONDS) {
        return Err(AuthError::NotYet { signed_at, now });
    }
    let life = match claim.expires {
        Some(expires) if matches!(*method, Method::GET | Method::HEAD) => expires,
        expires => expires.unwrap_or(SKEW_SECONDS).min(SKEW_SECONDS),
    };
    if signed_at.saturating_add(life) < now {
        return Err(AuthError::Expired { signed_at, now, life });
    }
    Ok(())
}

/// A header that steers the answer must be covered. A trace id is exempt: proxies add it.
fn check_signed_headers(claim: &Claim, parts: &Parts) -> Result<(), AuthError> {
    let signed = |name: &str| claim.signed_headers.iter().any(|header| header == name);
    if single(&parts.headers, "host")?.is_none() || !signed("host") {
        return Err(AuthError::HeaderNotSigned("host".into()));
    }
    let steering = |name: &&str| {
        (name.starts_with("x-amz-") || name.starts_with("x-amzn-")) && *name != "x-amzn-trace-id"
    };
    match parts
        .headers
        .keys()
        .map(http::HeaderName::as_str)
        .filter(steering)
        .find(|name| !signed(name))
    {
        Some(name) => Err(AuthError::HeaderNotSigned(name.to_owned())),
        None => Ok(()),
    }
}

fn check_session_token(claim: &Claim, credentials: &Credentials) -> Result<(), AuthError> {
    let refuse = |hint: &str| Err(AuthError::UnknownKey { hint: hint.to_owned() });
    match (&credentials.session_token, &claim.session_token) {
        (None, None) => Ok(()),
        (None, Some(_)) => refuse(
            " The access key is a permanent one and has no session token: unset AWS_SESSION_TOKEN.",
        ),
        (Some(_), None) => {
            refuse(" The access key is a temporary one: send its session token, AWS_SESSION_TOKEN.")
        }
        (Some(known), Some(sent)) => match bool::from(known.as_bytes().ct_eq(sent.as_bytes())) {
            true => Ok(()),
            false => refuse(""),
        },
    }
}
