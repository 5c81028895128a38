//! What is said beside a file: its type, how long it may be kept, and what its page may do.

use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response};

use crate::files::Embedded;

/// What a page may load: what comes from here. Cloudscape's style sheets have small pictures in
/// them, as `data:`.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; object-src 'none'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// A year, as long as caches keep anything.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// A file with its headers; decompressed for a client that does not take gzip.
pub(crate) fn file(file: &Embedded, gzip: bool) -> Response<Bytes> {
    let as_it_is = gzip || !file.is_compressed();
    let body = match as_it_is {
        true => Bytes::from_static(file.bytes()),
        false => decompressed(file.bytes()),
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    secure(headers, content_type(file.name()));
    if file.is_compressed() {
        headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        if as_it_is {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
    }
    if file.is_hashed() {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(FOREVER));
    }
    response
}

/// The headers of every answer.
pub(crate) fn secure(headers: &mut HeaderMap, content_type: &'static str) {
    for (name, value) in [
        (CONTENT_TYPE, content_type),
        (CACHE_CONTROL, "no-cache"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// Our own files, of a size that was built; what cannot be read of them is left out.
fn decompressed(bytes: &[u8]) -> Bytes {
    let mut whole = Vec::new();
    let _ = GzDecoder::new(bytes).read_to_end(&mut whole);
    whole.into()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
