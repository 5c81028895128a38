//! The canonical request and the signature over it. AWS: "Create a signed AWS API request",
//! IAM user guide, 2025.

use aws_lc_rs::digest::{SHA256, digest};
use fleetwright_access::signing_key::SigningKey;
use http::{HeaderMap, Method};
use percent_encoding::utf8_percent_encode;

use super::error::AuthError;
use super::presented::{ALGORITHM, PresentedSignature};
use super::query::RESERVED;

/// The request in the form that is hashed and signed. `query` is canonical, `path` as sent: services other than S3
/// encode it a second time, so that `%3A` becomes `%253A`.
pub(super) fn request(
    method: &Method,
    path: &str,
    query: &str,
    headers: &HeaderMap,
    signed_headers: &[String],
    payload_hash: &str,
) -> Result<Vec<u8>, AuthError> {
    const PATH: &percent_encoding::AsciiSet = &RESERVED.remove(b'/');
    let path = if path.is_empty() { "/" } else { path };
    let mut text =
        format!("{method}\n{}\n{}\n", utf8_percent_encode(path, PATH), query).into_bytes();
    for name in signed_headers {
        let mut values = headers.get_all(name.as_str()).iter().peekable();
        if values.peek().is_none() {
            return Err(AuthError::SignedHeaderAbsent(name.clone()));
        }
        text.extend_from_slice(name.as_bytes());
        let mut separator = b':';
        for value in values {
            text.push(separator);
            separator = b',';
            push_trimmed(&mut text, value.as_bytes());
        }
        text.push(b'\n');
    }
    text.push(b'\n');
    text.extend_from_slice(signed_headers.join(";").as_bytes());
    text.push(b'\n');
    text.extend_from_slice(payload_hash.as_bytes());
    Ok(text)
}

/// Outer white space is cut, inner runs become one space.
fn push_trimmed(text: &mut Vec<u8>, value: &[u8]) {
    let words = value.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            text.push(b' ');
        }
        text.extend_from_slice(word);
    }
}

/// The signature that the holder of the key's secret makes for this scope over a canonical
/// request.
pub(super) fn signature(
    presented: &PresentedSignature,
    key: &SigningKey,
    canonical_request: &[u8],
) -> [u8; 32] {
    let PresentedSignature { date, region, service, date_time, .. } = presented;
    let hash = hex(digest(&SHA256, canonical_request).as_ref());
    let to_sign =
        format!("{ALGORITHM}\n{date_time}\n{date}/{region}/{service}/aws4_request\n{hash}");
    key.sign(to_sign.as_bytes())
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 15));
    }
    text
}

#[cfg(test)]
mod tests;
