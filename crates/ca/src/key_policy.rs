//! Which public keys may have a certificate: RSA of 2048 to 4096 bits, P-256, P-384, P-521.

use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::*;
use x509_parser::public_key::PublicKey;

use crate::der;

/// Smallest and largest RSA modulus, bits. The lower bound is AWS's, the upper ours: a longer key
/// costs every handshake more than it protects.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;
/// What the messages say is allowed.
const ALLOWED: &str = "allowed are RSA of 2048 to 4096 bits and the curves P-256, P-384 and P-521";

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const RSA_PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a];
const DSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const X25519: &[u8] = &[0x2b, 0x65, 0x6e];
const X448: &[u8] = &[0x2b, 0x65, 0x6f];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const ED448: &[u8] = &[0x2b, 0x65, 0x71];

const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];
const P521: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x23];
const P224: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x21];
const P192: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x01];
const SECP256K1: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x0a];

/// An allowed key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Rsa,
    P256,
    P384,
    P521,
}

/// Decides about a key; the error is fit for the wire.
pub(crate) fn check(spki: &SubjectPublicKeyInfo<'_>) -> Result<KeyKind, String> {
    if spki.subject_public_key.unused_bits != 0 {
        return Err("The public key is malformed: its BIT STRING has unused bits.".into());
    }
    match spki.algorithm.algorithm.as_bytes() {
        RSA => rsa(spki),
        EC => curve(spki),
        RSA_PSS => Err(refused("an RSA key restricted to RSASSA-PSS")),
        DSA => Err(refused("a DSA key")),
        ED25519 => Err(refused("an Ed25519 key")),
        ED448 => Err(refused("an Ed448 key")),
        X25519 | X448 => Err(refused("a key-agreement key (X25519 or X448), which cannot sign")),
        _ => Err(refused(&format!("of the type {:.64}", spki.algorithm.algorithm.to_string()))),
    }
}

fn refused(what: &str) -> String {
    format!("The public key is {what}; {ALLOWED}.")
}

fn rsa(spki: &SubjectPublicKeyInfo<'_>) -> Result<KeyKind, String> {
    let Ok(PublicKey::RSA(key)) = spki.parsed() else {
        return Err("The RSA public key cannot be read.".into());
    };
    let modulus = without_zeros(key.modulus);
    let bits = modulus
        .first()
        .map_or(0, |first| modulus.len() * 8 - usize::try_from(first.leading_zeros()).unwrap_or(0));
    if !RSA_BITS.contains(&bits) {
        return Err(refused(&format!("RSA of {bits} bits")));
    }
    let exponent = without_zeros(key.exponent);
    let odd = exponent.last().is_some_and(|last| last & 1 == 1);
    if !odd || exponent.len() > 4 || exponent == [1] {
        return Err(
            "The RSA public key's exponent must be an odd number of 3 to 4294967295, usually 65537."
                .into(),
        );
    }
    let canonical = der::encoded_by(der::SEQUENCE, |out| {
        der::unsigned(out, modulus);
        der::unsigned(out, exponent);
    });
    exactly(spki, RSA, &[0x05, 0x00], &canonical)?;
    Ok(KeyKind::Rsa)
}

fn curve(spki: &SubjectPublicKeyInfo<'_>) -> Result<KeyKind, String> {
    let named = spki.algorithm.parameters.as_ref().filter(|any| any.tag() == Tag::Oid);
    let Some(Ok(curve)) = named.map(|any| any.as_oid()) else {
        return Err(refused("an elliptic-curve key without a named curve"));
    };
    let (kind, field) = match curve.as_bytes() {
        P256 => (KeyKind::P256, 32),
        P384 => (KeyKind::P384, 48),
        P521 => (KeyKind::P521, 66),
        P192 => return Err(refused("on the curve P-192")),
        P224 => return Err(refused("on the curve P-224")),
        SECP256K1 => return Err(refused("on the curve secp256k1")),
        _ => return Err(refused(&format!("on the curve {:.64}", curve.to_string()))),
    };
    let point: &[u8] = &spki.subject_public_key.data;
    if point.first() != Some(&4) || point.len() != 1 + 2 * field {
        return Err("The elliptic-curve public key must be an uncompressed point.".into());
    }
    exactly(spki, EC, &der::encoded(der::OID, curve.as_bytes()), point)?;
    Ok(kind)
}

/// The bytes go into the certificate as they are, and TLS stacks compare them exactly; the parser
/// forgives what DER does not allow, so they must be what we would have written.
fn exactly(
    spki: &SubjectPublicKeyInfo<'_>,
    algorithm: &[u8],
    parameters: &[u8],
    key: &[u8],
) -> Result<(), String> {
    let canonical = der::encoded_by(der::SEQUENCE, |out| {
        der::nested(out, der::SEQUENCE, |out| {
            der::element(out, der::OID, algorithm);
            out.extend_from_slice(parameters);
        });
        der::bits(out, key);
    });
    if canonical == spki.raw {
        Ok(())
    } else {
        Err("The public key is not written in DER (for RSA, with NULL parameters).".into())
    }
}

fn without_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}
