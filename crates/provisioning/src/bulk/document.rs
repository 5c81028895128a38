//! Objects of the same sources for jobs: documents that are read once, and presigned URLs.

use std::time::{Duration, UNIX_EPOCH};

use aws_sigv4::http_request::{
    PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use fleetwright_core::error::Refusal;
use fleetwright_core::time::Timestamp;
use fleetwright_core::url::Url;
use fleetwright_host::outgoing::{self, BoxError};
use fleetwright_host::random;
use percent_encoding::{percent_decode_str, utf8_percent_encode};

use super::{Bulk, Sources, directory, s3, settings};

/// A URL to sign.
#[derive(Debug, Clone, Copy)]
pub struct ToPresign<'a> {
    /// `GET` or `PUT`.
    pub method: &'static str,
    /// The bucket.
    pub bucket: &'a str,
    /// The key, not encoded.
    pub key: &'a str,
    /// `versionId`, if one is named.
    pub version: Option<&'a str>,
    /// Seconds that it is good for.
    pub expires: u32,
    /// Now.
    pub now: Timestamp,
}

impl Bulk {
    /// The object behind a link `https://HOST/BUCKET/KEY` or `https://BUCKET.s3.…/KEY`: the bucket is
    /// a directory of the configured ones, or one of the configured store.
    ///
    /// # Errors
    /// A sentence.
    pub async fn document(&self, url: &str, most: usize) -> Result<Vec<u8>, String> {
        let (bucket, key) = place(url).ok_or("it must be https://HOST/BUCKET/KEY.")?;
        let id = random::uuid().map_err(|refusal| refusal.message)?;
        std::fs::create_dir_all(&self.copies).map_err(|error| error.to_string())?;
        let copy = self.copies.join(format!("{id}.document"));
        let sources = self.sources.load_full();
        let Sources { settings, tls } = &*sources;
        let root = settings.directory.clone().filter(|root| root.join(&bucket).is_dir());
        let fetched = match (root, &settings.s3_endpoint) {
            (Some(root), _) => directory::fetch(root, &bucket, &key, copy.clone()).await,
            (None, Some(endpoint)) => {
                s3::fetch(settings, endpoint, tls, (&bucket, &key), copy.clone()).await
            }
            (None, None) => {
                return Err(format!(
                    "there is no bucket '{bucket}': configure [bulk] directory or s3-endpoint."
                ));
            }
        };
        let read = fetched.map_err(|failure| failure.to_string()).and_then(|()| {
            let size = std::fs::metadata(&copy).map_err(|error| error.to_string())?.len();
            match usize::try_from(size).is_ok_and(|size| size <= most) {
                true => std::fs::read(&copy).map_err(|error| error.to_string()),
                false => Err(format!("it has {size} bytes; the limit is {most}.")),
            }
        });
        let _ = std::fs::remove_file(&copy);
        read
    }

    /// A presigned URL of the configured store.
    ///
    /// # Errors
    /// When there is no store any more, or its key cannot be read.
    pub fn presigned(&self, asked: ToPresign<'_>) -> Result<String, Refusal> {
        let sources = self.sources.load_full();
        presigned(&sources.settings, asked).map_err(Refusal::internal)
    }
}

/// Bucket and key of a link.
fn place(url: &str) -> Option<(String, String)> {
    let rest = url.strip_prefix("https://")?;
    let (host, path) = rest.split_once('/')?;
    let path = path.split('?').next()?;
    let (bucket, key) = match host.split_once(".s3") {
        Some((bucket, rest)) if rest.starts_with(['.', '-']) => (bucket, path),
        _ => path.split_once('/')?,
    };
    let key = percent_decode_str(key).decode_utf8().ok()?.into_owned();
    (!bucket.is_empty() && !key.is_empty()).then(|| (bucket.to_owned(), key))
}

fn presigned(settings: &settings::Bulk, asked: ToPresign<'_>) -> Result<String, BoxError> {
    let endpoint = settings.s3_endpoint.as_deref().ok_or("[bulk] has no s3-endpoint")?;
    let file = settings.s3_credentials_file.as_deref();
    let file = file.ok_or("[bulk] has no s3-credentials-file")?;
    let url = Url::parse(endpoint)?;
    let identity = outgoing::access_key(file)
        .map_err(|error| format!("[bulk] s3-credentials-file {}: {error}", file.display()))?
        .into();
    let mut how = SigningSettings::default();
    how.percent_encoding_mode = PercentEncodingMode::Single;
    how.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    how.signature_location = SignatureLocation::QueryParams;
    how.expires_in = Some(Duration::from_secs(asked.expires.into()));
    let now = UNIX_EPOCH + Duration::from_millis(asked.now.0.unsigned_abs());
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(settings.s3_region.as_deref().unwrap_or("us-east-1"))
        .name("s3")
        .time(now)
        .settings(how)
        .build()?
        .into();
    let host = outgoing::host(&url);
    let scheme = if url.tls { "https" } else { "http" };
    let key = utf8_percent_encode(asked.key, s3::PATH);
    let mut whole = format!("{scheme}://{host}/{}/{key}", asked.bucket);
    if let Some(version) = asked.version {
        whole.push_str(&format!("?versionId={}", utf8_percent_encode(version, s3::PATH)));
    }
    let headers = [("host", host.as_str())].into_iter();
    let signable =
        SignableRequest::new(asked.method, &whole, headers, SignableBody::UnsignedPayload)?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    let mut mark = if asked.version.is_some() { '&' } else { '?' };
    for (name, value) in instructions.params() {
        whole.push(mark);
        whole.push_str(&format!("{name}={}", utf8_percent_encode(value, s3::PARAMETER)));
        mark = '&';
    }
    Ok(whole)
}
