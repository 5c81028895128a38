//! The signature that a request presents: read from the `Authorization` header or, for a presigned
//! URL, from its query. Nothing here is verified yet.

use fleetwright_core::text::shown;
use http::HeaderMap;

use super::error::AuthError;
use super::query::Query;
use super::time;

/// The one algorithm that is offered.
pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// Longest life of a presigned URL, seconds. AWS: "at most seven days".
const EXPIRES_MAX: i64 = 7 * 24 * 60 * 60;
/// Signed headers of one request. (ours)
const SIGNED_HEADERS_MAX: usize = 64;

/// The parts of a signature, none of them verified.
#[derive(Debug)]
pub(super) struct PresentedSignature {
    pub(super) access_key_id: String,
    /// `YYYYMMDD` of the credential scope.
    pub(super) date: String,
    pub(super) region: String,
    pub(super) service: String,
    /// Lower case, strictly ascending.
    pub(super) signed_headers: Vec<String>,
    pub(super) signature: [u8; 32],
    /// When the request was signed: as written, and in seconds since 1970.
    pub(super) date_time: String,
    pub(super) signed_at: i64,
    /// Life of a presigned URL, seconds; `None` for a signature in the header.
    pub(super) expires: Option<i64>,
    pub(super) session_token: Option<String>,
}

/// Whether a presigned URL says how long it is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Required,
    /// AWS's SDKs leave it out of the upgrade to WebSocket.
    MayBeLeftOut,
}

impl PresentedSignature {
    /// Reads the signature; refuses a request with none, with two, or with a part that is missing,
    /// doubled or malformed.
    pub(super) fn read(headers: &HeaderMap, query: &Query, life: Life) -> Result<Self, AuthError> {
        let in_header = single(headers, "authorization")?;
        let in_query = query.has("X-Amz-Algorithm") || query.has("X-Amz-Signature");
        match (in_header, in_query) {
            (None, false) => Err(AuthError::Missing),
            (Some(_), true) => Err(AuthError::incomplete(
                "the request is signed twice, in the Authorization header and in the query; \
                 send one of them",
            )),
            (Some(value), false) => Self::from_header(value, headers),
            (None, true) => Self::from_query(query, life),
        }
    }

    fn from_header(value: &str, headers: &HeaderMap) -> Result<Self, AuthError> {
        let (algorithm, rest) = value.split_once(' ').unwrap_or((value, ""));
        check_algorithm(algorithm)?;
        let mut parts = Parts::default();
        for part in rest.split(',') {
            let (key, value) = part.trim().split_once('=').ok_or_else(|| {
                AuthError::incomplete("the Authorization header must list key=value pairs")
            })?;
            let slot = match key {
                "Credential" => &mut parts.credential,
                "SignedHeaders" => &mut parts.signed_headers,
                "Signature" => &mut parts.signature,
                _ => {
                    return Err(AuthError::incomplete(format!(
                        "the Authorization header has the unknown parameter '{}'",
                        shown(key)
                    )));
                }
            };
            if slot.replace(value).is_some() {
                return Err(AuthError::incomplete(format!(
                    "the Authorization header has the parameter '{key}' twice"
                )));
            }
        }
        parts.date_time = single(headers, "x-amz-date")?;
        let token = single(headers, "x-amz-security-token")?;
        parts.signature("Authorization header requires", None, token)
    }

    fn from_query(query: &Query, life: Life) -> Result<Self, AuthError> {
        check_algorithm(query.single("X-Amz-Algorithm")?.unwrap_or_default())?;
        let parts = Parts {
            credential: query.single("X-Amz-Credential")?,
            signed_headers: query.single("X-Amz-SignedHeaders")?,
            signature: query.single("X-Amz-Signature")?,
            date_time: query.single("X-Amz-Date")?,
        };
        let expires = query.single("X-Amz-Expires")?;
        let token = query.single("X-Amz-Security-Token")?;
        let requires = "AWS query-string parameters must include";
        if expires.is_none() && life == Life::MayBeLeftOut {
            return parts.signature(requires, None, token);
        }
        let expires = expires.and_then(|text| text.parse().ok());
        let expires = expires.filter(|seconds| (1..=EXPIRES_MAX).contains(seconds));
        let Some(expires) = expires else {
            return Err(AuthError::incomplete(format!(
                "'X-Amz-Expires' must be 1 to {EXPIRES_MAX} seconds"
            )));
        };
        parts.signature(requires, Some(expires), token)
    }
}

#[derive(Default)]
struct Parts<'a> {
    credential: Option<&'a str>,
    signed_headers: Option<&'a str>,
    signature: Option<&'a str>,
    date_time: Option<&'a str>,
}

impl Parts<'_> {
    fn signature(
        self,
        requires: &str,
        expires: Option<i64>,
        token: Option<&str>,
    ) -> Result<PresentedSignature, AuthError> {
        let need = |part: Option<_>, name: &str| {
            part.ok_or_else(|| AuthError::incomplete(format!("{requires} '{name}'")))
        };
        let credential = need(self.credential, "Credential")?;
        let signed_headers = need(self.signed_headers, "SignedHeaders")?;
        let signature = need(self.signature, "Signature")?;
        let date_time = need(self.date_time, "X-Amz-Date")?;
        let scope: Vec<&str> = credential.split('/').collect();
        let [key, date, region, service, "aws4_request"] = scope.as_slice() else {
            return Err(AuthError::incomplete(format!(
                "Credential must be KEY/YYYYMMDD/REGION/SERVICE/aws4_request, not '{}'",
                shown(credential)
            )));
        };
        Ok(PresentedSignature {
            access_key_id: (*key).to_owned(),
            date: (*date).to_owned(),
            region: (*region).to_owned(),
            service: (*service).to_owned(),
            signed_headers: read_signed_headers(signed_headers)?,
            signature: read_signature(signature)?,
            date_time: date_time.to_owned(),
            signed_at: time::parse(date_time).ok_or_else(|| {
                AuthError::incomplete(format!(
                    "X-Amz-Date must be YYYYMMDDTHHMMSSZ, not '{}'",
                    shown(date_time)
                ))
            })?,
            expires,
            session_token: token.map(str::to_owned),
        })
    }
}

fn check_algorithm(algorithm: &str) -> Result<(), AuthError> {
    if algorithm == ALGORITHM {
        return Ok(());
    }
    Err(AuthError::incomplete(format!(
        "the request must be signed with {ALGORITHM}, not '{}'",
        shown(algorithm)
    )))
}

fn read_signed_headers(text: &str) -> Result<Vec<String>, AuthError> {
    let names: Vec<String> = text.split(';').map(str::to_owned).collect();
    let lower = names.iter().all(|name| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase())
    });
    let ascending = names.is_sorted_by(|before, after| before < after);
    if names.len() > SIGNED_HEADERS_MAX || !lower || !ascending {
        return Err(AuthError::incomplete(format!(
            "SignedHeaders must be at most {SIGNED_HEADERS_MAX} lower-case names in order, each \
             once, separated by ';'"
        )));
    }
    Ok(names)
}

fn read_signature(text: &str) -> Result<[u8; 32], AuthError> {
    let refuse = || AuthError::incomplete("Signature must be 64 lower-case hexadecimal digits");
    let digits: &[u8; 64] = text.as_bytes().try_into().map_err(|_| refuse())?;
    let nibble = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut signature = [0; 32];
    for (slot, pair) in signature.iter_mut().zip(digits.as_chunks::<2>().0) {
        let [high, low] = *pair;
        *slot = nibble(high).zip(nibble(low)).map(|(h, l)| h << 4 | l).ok_or_else(refuse)?;
    }
    Ok(signature)
}

/// The only value of a header; `None` when absent. A second value would let a proxy and this
/// server read different requests, so it is refused.
pub(super) fn single<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, AuthError> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(AuthError::incomplete(format!("the request has the header '{name}' twice")));
    }
    first
        .map(|value| value.to_str())
        .transpose()
        .map_err(|_| AuthError::incomplete(format!("the header '{name}' is not plain ASCII")))
}
