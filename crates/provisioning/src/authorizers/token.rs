//! The signature of a token. AWS: guide, "Signing the token".

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

/// Bits of a key, at least. AWS: guide, "Signing the token".
const KEY_BITS: usize = 2048;

/// Whether a PEM text holds a public key that can check a token.
pub fn is_public_key(pem: &str) -> bool {
    public_key(pem).is_some()
}

/// Whether one of the keys signed the token: RSA PKCS#1 v1.5 with SHA-256 (AWS: guide, "Signing
/// the token").
pub fn is_signed<'a>(
    token: &str,
    signature: &str,
    mut keys: impl Iterator<Item = &'a str>,
) -> bool {
    // A form decoder between here and the client may have made blanks of plus signs.
    let decoded = STANDARD.decode(signature);
    let Ok(signature) = decoded.or_else(|_| STANDARD.decode(signature.replace(' ', "+"))) else {
        return false;
    };
    keys.any(|pem| {
        public_key(pem).is_some_and(|key| key.verify_sig(token.as_bytes(), &signature).is_ok())
    })
}

fn public_key(pem: &str) -> Option<ParsedPublicKey> {
    let (_, rest) = pem.split_once("-----BEGIN PUBLIC KEY-----")?;
    let (body, _) = rest.split_once("-----END PUBLIC KEY-----")?;
    let text: Vec<u8> = body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let der = STANDARD.decode(text).ok()?;
    let (_, info) = SubjectPublicKeyInfo::from_der(&der).ok()?;
    let PublicKey::RSA(key) = info.parsed().ok()? else { return None };
    if key.key_size() < KEY_BITS {
        return None;
    }
    ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).ok()
}
