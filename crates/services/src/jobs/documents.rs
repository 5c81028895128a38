//! Presigned URLs of an S3-compatible store in job documents.

use std::fmt;

use fleetwright_core::error::Refusal;
use fleetwright_core::job::{Placeholder, of_execution};
use fleetwright_core::time::Timestamp;
use fleetwright_store::JobExecution;

/// Seconds that a URL is good for when the job does not say. AWS: shape `ExpiresInSec`.
const EXPIRES: u32 = 3600;

/// What is signed: a method, a bucket, a key with what follows it, seconds, and now.
pub struct ToSign<'a> {
    /// `GET` or `PUT`.
    pub method: &'static str,
    /// The bucket.
    pub bucket: &'a str,
    /// The key, not encoded.
    pub key: &'a str,
    /// `versionId`, if one is named.
    pub version: Option<&'a str>,
    /// How long it is good.
    pub expires: u32,
    /// Now.
    pub now: Timestamp,
}

/// Signs a URL.
type Sign = dyn Fn(&ToSign<'_>) -> Result<String, Refusal> + Send + Sync;

/// Makes presigned URLs.
pub struct Presign(Box<Sign>);

impl Presign {
    /// URLs are signed by `sign`.
    pub fn new(sign: Box<Sign>) -> Self {
        Self(sign)
    }

    /// The URL of a placeholder; `None` for one that names no object.
    pub(super) fn url(
        &self,
        placeholder: &Placeholder<'_>,
        execution: &JobExecution,
        now: Timestamp,
    ) -> Result<Option<String>, Refusal> {
        let is_upload = placeholder.kind == "s3-presigned-url-upload";
        let value = placeholder.value;
        let JobExecution { thing, job, number, .. } = execution;
        let value = of_execution(value, thing.as_str(), job.as_str(), *number);
        let Some((bucket, key, version)) = object(&decoded(&value)) else { return Ok(None) };
        let presigned = execution.settings.presigned.as_ref();
        let to_sign = ToSign {
            method: if is_upload { "PUT" } else { "GET" },
            bucket: &bucket,
            key: &key,
            version: version.as_deref(),
            expires: presigned.map_or(EXPIRES, |it| it.expires),
            now,
        };
        (self.0)(&to_sign).map(Some)
    }
}

impl fmt::Debug for Presign {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presign").finish_non_exhaustive()
    }
}

/// Whether the value of a placeholder names an object.
pub(super) fn names_object(value: &str) -> bool {
    object(&decoded(value)).is_some()
}

/// `%3F` and the like as what they stand for; malformed ones stay.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        match after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(b'%');
                rest = after;
            }
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Bucket, key and version of the URL of an object, path style or virtual-hosted style.
pub(crate) fn object(url: &str) -> Option<(String, String, Option<String>)> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    let (host, path) = rest.split_once('/')?;
    let (path, query) = match path.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (path, None),
    };
    let version = query.and_then(|query| query.strip_prefix("versionId=")).map(str::to_owned);
    let (bucket, key) = match host.split_once(".s3") {
        Some((bucket, rest)) if rest.starts_with(['.', '-']) => (bucket, path),
        _ => path.split_once('/')?,
    };
    let is_whole = !bucket.is_empty() && !key.is_empty();
    is_whole.then(|| (bucket.to_owned(), key.to_owned(), version))
}
