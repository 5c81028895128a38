//! Input from an S3-compatible store: `GET` of the object, path-style, signed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use fleetwright_core::url::Url;
use fleetwright_host::outgoing::{self, BoxError};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Incoming;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::sync::mpsc;

use super::{INPUT_BYTES, TaskFailure, kept, settings};

/// Longest wait for the answer, and for each piece of it. (ours)
const PATIENCE: Duration = Duration::from_secs(60);
/// Bytes of a refusal that are read.
const REFUSAL_BYTES: usize = 16 * 1024;
/// Pieces that wait to be written.
const PIECES: usize = 16;
/// What stands for itself in a path of S3.
pub(super) const PATH: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// What stands for itself in a parameter.
pub(super) const PARAMETER: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Copies an object to `copy`, whole or not at all.
pub(super) async fn fetch(
    settings: &settings::Bulk,
    endpoint: &str,
    tls: &Arc<rustls::ClientConfig>,
    (bucket, key): (&str, &str),
    copy: PathBuf,
) -> Result<(), TaskFailure> {
    let wrong = |what: &dyn std::fmt::Display| {
        TaskFailure::new(format_args!("Cannot read s3://{bucket}/{key}: {what}."))
    };
    let Ok(url) = Url::parse(endpoint) else {
        return Err(wrong(&"[bulk] s3-endpoint is no https:// URL, nor http:// on loopback"));
    };
    let path = format!("/{bucket}/{}", utf8_percent_encode(key, PATH));
    let request = signed(settings, &url, &path).map_err(|error| wrong(&error))?;
    let answered = tokio::time::timeout(PATIENCE, outgoing::send(&url, tls, request)).await;
    let answer = answered.map_err(|_| wrong(&"no answer in time"))?.map_err(|e| wrong(&e))?;
    let (head, body) = answer.into_parts();
    if head.status != http::StatusCode::OK {
        let code = s3_code(body).await;
        return Err(wrong(&format_args!("the store answered {} {code}", head.status.as_u16())));
    }
    // What the disk says is about the copy; all else is about the input.
    store(body, &copy).await.map_err(|error| match error.downcast_ref::<std::io::Error>() {
        Some(error) => kept(&copy, error),
        None => wrong(&error),
    })
}

fn signed(
    settings: &settings::Bulk,
    url: &Url<'_>,
    path: &str,
) -> Result<http::Request<Empty<Bytes>>, BoxError> {
    let host = outgoing::host(url);
    let mut request =
        http::Request::get(path).header(http::header::HOST, &host).body(Empty::<Bytes>::new())?;
    let Some(file) = &settings.s3_credentials_file else { return Ok(request) };
    let identity = outgoing::access_key(file)
        .map_err(|error| format!("[bulk] s3-credentials-file {}: {error}", file.display()))?
        .into();
    let mut how = SigningSettings::default();
    how.percent_encoding_mode = PercentEncodingMode::Single;
    how.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    how.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(settings.s3_region.as_deref().unwrap_or("us-east-1"))
        .name("s3")
        .time(SystemTime::now())
        .settings(how)
        .build()?
        .into();
    let scheme = if url.tls { "https" } else { "http" };
    let whole = format!("{scheme}://{host}{path}");
    let headers = [("host", host.as_str())].into_iter();
    let signable = SignableRequest::new("GET", &whole, headers, SignableBody::Bytes(b""))?;
    let (instructions, _) = sign(signable, &params)?.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

/// What is between `<Code>` and `</Code>`.
async fn s3_code(body: Incoming) -> String {
    let read = tokio::time::timeout(PATIENCE, Limited::new(body, REFUSAL_BYTES).collect()).await;
    let Ok(Ok(body)) = read else { return String::new() };
    let body = body.to_bytes();
    let text = String::from_utf8_lossy(&body);
    let code = text.split_once("<Code>").and_then(|(_, rest)| rest.split_once("</Code>"));
    code.map(|(code, _)| code.chars().filter(char::is_ascii_alphanumeric).take(64).collect())
        .unwrap_or_default()
}

/// Pieces go to a thread that may wait for the disk.
async fn store(mut body: Incoming, copy: &Path) -> Result<(), BoxError> {
    let (pieces, mut waiting) = mpsc::channel::<Bytes>(PIECES);
    let part = copy.with_extension("part");
    let to = part.clone();
    let writing = tokio::task::spawn_blocking(move || {
        use std::io::Write;
        let mut file = std::fs::File::create(to)?;
        while let Some(piece) = waiting.blocking_recv() {
            file.write_all(&piece)?;
        }
        file.sync_all()
    });
    let mut bytes = 0_u64;
    while let Some(frame) = tokio::time::timeout(PATIENCE, body.frame()).await? {
        let Ok(piece) = frame?.into_data() else { continue };
        bytes += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if bytes > INPUT_BYTES {
            return Err(format!("it has more than {INPUT_BYTES} bytes, the limit").into());
        }
        if pieces.send(piece).await.is_err() {
            // The writer has ended, and says why.
            break;
        }
    }
    drop(pieces);
    writing.await??;
    Ok(std::fs::rename(&part, copy)?)
}
