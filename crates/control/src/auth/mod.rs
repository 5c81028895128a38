//! Signature Version 4: who signed this request, and is the signature theirs?
//!
//! [`Unverified::read`] judges what needs no secret, before the body is read: parts, scope,
//! clock. [`Unverified::verify`] then recomputes the signature over what was received.

mod canonical;
mod error;
mod presented;
mod query;
mod time;
mod upgrade;

#[cfg(test)]
pub(super) mod tests;

use aws_lc_rs::digest::{SHA256, digest};
pub(crate) use error::AuthError;
use error::SKEW_SECONDS;
pub(crate) use fleetwright_access::credentials::{Credentials, KeyQuery, TEMPORARY};
use fleetwright_access::signing_key::SigningScope;
use fleetwright_core::text::{cut, shown};
use fleetwright_core::time::Timestamp;
use http::Method;
use http::request::Parts;
use presented::{Life, PresentedSignature, single};
pub(crate) use query::{Query, decode};
use subtle::ConstantTimeEq;

/// The region that global services are signed for. AWS: General Reference, "IAM endpoints".
const GLOBAL_REGION: &str = "us-east-1";
/// Characters of a host in a message. (DNS: 253)
const HOST_CHARS: usize = 255;
/// Characters of an access key id that are looked up, at most. (ours)
const ACCESS_KEY_ID_MAX: usize = 128;

/// Where and for what a signature must be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) region: &'a str,
    /// Signing names that are accepted; the first is the one that messages recommend.
    pub(crate) services: &'a [&'a str],
    /// Those of them that may be signed for [`GLOBAL_REGION`] as well.
    pub(crate) global: &'a [&'a str],
    pub(crate) now: Timestamp,
}

/// A request whose signature has the right form and scope and is of today, but is not verified.
#[derive(Debug)]
pub(crate) struct Unverified {
    presented: PresentedSignature,
    query: Query,
}

impl Unverified {
    /// Reads the presented and checks scope and clock.
    pub(crate) fn read(parts: &Parts, scope: &Scope<'_>) -> Result<Self, AuthError> {
        Self::read_with(parts, scope, Life::Required)
    }

    fn read_with(parts: &Parts, scope: &Scope<'_>, life: Life) -> Result<Self, AuthError> {
        let query = Query::parse(parts.uri.query().unwrap_or_default())?;
        let presented = PresentedSignature::read(&parts.headers, &query, life)?;
        check_scope(&presented, scope)?;
        check_clock(&presented, &parts.method, scope.now.0.div_euclid(1000))?;
        check_signed_headers(&presented, parts)?;
        if presented.access_key_id.chars().count() > ACCESS_KEY_ID_MAX {
            return Err(unknown_key(&presented));
        }
        Ok(Self { presented, query })
    }

    /// The access key that the request names.
    pub(crate) fn key_query(&self) -> KeyQuery {
        let PresentedSignature { access_key_id, session_token, date, region, service, .. } =
            &self.presented;
        let (date, region, service) = (date.clone(), region.clone(), service.clone());
        KeyQuery {
            id: access_key_id.clone(),
            token: session_token.clone(),
            scope: SigningScope { date, region, service },
        }
    }

    /// The signing name that the request is scoped to; one of [`Scope::services`].
    pub(crate) fn service(&self) -> &str {
        &self.presented.service
    }

    /// Recomputes the signature; gives the query on success. `credentials` are those of
    /// the access key, `None` when there is no such key.
    pub(crate) fn verify(
        self,
        parts: &Parts,
        body: &[u8],
        credentials: Option<&Credentials>,
        now: Timestamp,
    ) -> Result<Query, AuthError> {
        let Self { presented, query } = self;
        let credentials = credentials.ok_or_else(|| unknown_key(&presented))?;
        check_session_token(&presented, credentials)?;
        let hash = canonical::hex(digest(&SHA256, body).as_ref());
        if let Some(declared) = single(&parts.headers, "x-amz-content-sha256")?
            && declared != hash
        {
            return Err(AuthError::BodyHash);
        }
        let request = canonical::request(
            &parts.method,
            parts.uri.path(),
            &query.canonical(),
            &parts.headers,
            &presented.signed_headers,
            &hash,
        )?;
        let expected = canonical::signature(&presented, &credentials.key, &request);
        if bool::from(expected.ct_eq(&presented.signature)) {
            return match credentials.expires {
                // The holder alone learns that the session is over.
                Some(expires) if expires <= now => Err(AuthError::SessionOver),
                _ => Ok(query),
            };
        }
        let host = single(&parts.headers, "host")?.unwrap_or_default();
        Err(AuthError::Mismatch { host: cut(host, HOST_CHARS).to_owned() })
    }
}

fn unknown_key(presented: &PresentedSignature) -> AuthError {
    let id = cut(&presented.access_key_id, 32);
    let hint = match (id.starts_with(TEMPORARY), &presented.session_token) {
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

fn check_scope(presented: &PresentedSignature, scope: &Scope<'_>) -> Result<(), AuthError> {
    let global =
        scope.global.contains(&presented.service.as_str()) && presented.region == GLOBAL_REGION;
    if presented.region != scope.region && !global {
        let sent = shown(&presented.region).to_owned();
        return Err(AuthError::Region { sent, ours: scope.region.to_owned() });
    }
    if !scope.services.contains(&presented.service.as_str()) {
        let sent = shown(&presented.service).to_owned();
        let ours = scope.services.first().copied().unwrap_or_default().to_owned();
        return Err(AuthError::Service { sent, ours });
    }
    if presented.date_time.get(..8) != Some(presented.date.as_str()) {
        let scope = cut(&presented.date, 16).to_owned();
        return Err(AuthError::ScopeDate { scope, date_time: presented.date_time.clone() });
    }
    Ok(())
}

/// A request may be sent again as it is until it is too old: that is Signature Version 4. So one
/// that may change something is never good for longer than the clock's tolerance, whatever life
/// its presigned URL claims; one that only reads is good for as long as its URL states.
fn check_clock(presented: &PresentedSignature, method: &Method, now: i64) -> Result<(), AuthError> {
    let signed_at = presented.signed_at;
    if signed_at > now.saturating_add(SKEW_SECONDS) {
        return Err(AuthError::NotYet { signed_at, now });
    }
    let life = match presented.expires {
        Some(expires) if matches!(*method, Method::GET | Method::HEAD) => expires,
        expires => expires.unwrap_or(SKEW_SECONDS).min(SKEW_SECONDS),
    };
    if signed_at.saturating_add(life) < now {
        return Err(AuthError::Expired { signed_at, now, life });
    }
    Ok(())
}

/// A header that steers the answer must be covered. A trace id is exempt: proxies add it.
fn check_signed_headers(presented: &PresentedSignature, parts: &Parts) -> Result<(), AuthError> {
    let signed = |name: &str| presented.signed_headers.iter().any(|header| header == name);
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

fn check_session_token(
    presented: &PresentedSignature,
    credentials: &Credentials,
) -> Result<(), AuthError> {
    let refuse = |hint: &str| Err(AuthError::UnknownKey { hint: hint.to_owned() });
    match (&credentials.session_token, &presented.session_token) {
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
