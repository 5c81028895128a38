//! Which signature algorithms count: RSA (PKCS#1 v1.5 and PSS) and ECDSA, with SHA-2.

use aws_lc_rs::signature as sig;
use x509_parser::prelude::*;
use x509_parser::signature_algorithm::RsaSsaPssParams;

use crate::key_policy::KeyKind;

const RSA_SIGNATURES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const ECDSA_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];
const ECDSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01];
const DSA_SHA1: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x38, 0x04, 0x03];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const ED448: &[u8] = &[0x2b, 0x65, 0x71];
const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
const SHA1: &[u8] = &[0x2b, 0x0e, 0x03, 0x02, 0x1a];
const ALLOWED: &str = "sign with SHA-256, SHA-384 or SHA-512";

type Verification = &'static dyn sig::VerificationAlgorithm;

/// How a signature by this kind of key is verified: SHA-2 only, and only with a key of its own
/// kind.
///
/// # Errors
/// The algorithm by its name, and the way out, to follow "is signed by".
pub(crate) fn verification(
    kind: KeyKind,
    algorithm: &AlgorithmIdentifier<'_>,
) -> Result<Verification, String> {
    is_allowed(algorithm)?;
    let of_another = || format!("{}, which is not of its key's kind", name(algorithm));
    let Some((last, family)) = algorithm.algorithm.as_bytes().split_last() else {
        return Err(of_another());
    };
    Ok(match (kind, family, last) {
        (KeyKind::Rsa, RSA_SIGNATURES, 11) => &sig::RSA_PKCS1_2048_8192_SHA256,
        (KeyKind::Rsa, RSA_SIGNATURES, 12) => &sig::RSA_PKCS1_2048_8192_SHA384,
        (KeyKind::Rsa, RSA_SIGNATURES, 13) => &sig::RSA_PKCS1_2048_8192_SHA512,
        (KeyKind::Rsa, RSA_SIGNATURES, 10) => return pss(algorithm),
        (KeyKind::P256, ECDSA_SHA2, 2) => &sig::ECDSA_P256_SHA256_ASN1,
        (KeyKind::P256, ECDSA_SHA2, 3) => &sig::ECDSA_P256_SHA384_ASN1,
        (KeyKind::P256, ECDSA_SHA2, 4) => &sig::ECDSA_P256_SHA512_ASN1,
        (KeyKind::P384, ECDSA_SHA2, 2) => &sig::ECDSA_P384_SHA256_ASN1,
        (KeyKind::P384, ECDSA_SHA2, 3) => &sig::ECDSA_P384_SHA384_ASN1,
        (KeyKind::P384, ECDSA_SHA2, 4) => &sig::ECDSA_P384_SHA512_ASN1,
        (KeyKind::P521, ECDSA_SHA2, 2) => &sig::ECDSA_P521_SHA256_ASN1,
        (KeyKind::P521, ECDSA_SHA2, 3) => &sig::ECDSA_P521_SHA384_ASN1,
        (KeyKind::P521, ECDSA_SHA2, 4) => &sig::ECDSA_P521_SHA512_ASN1,
        _ => return Err(of_another()),
    })
}

/// Whether an algorithm counts, whatever the key: RSA or ECDSA with SHA-2.
///
/// # Errors
/// As [`verification`].
pub(crate) fn is_allowed(algorithm: &AlgorithmIdentifier<'_>) -> Result<(), String> {
    match algorithm.algorithm.as_bytes().split_last() {
        Some((10, RSA_SIGNATURES)) => pss(algorithm).map(drop),
        Some((11..=13, RSA_SIGNATURES)) | Some((2..=4, ECDSA_SHA2)) => Ok(()),
        _ => Err(format!("{}, which does not count; {ALLOWED}", name(algorithm))),
    }
}

/// Whether an algorithm is PKCS#1 v1.5 with SHA-1.
pub(crate) fn is_rsa_with_sha1(algorithm: &AlgorithmIdentifier<'_>) -> bool {
    algorithm.algorithm.as_bytes().split_last() == Some((&5, RSA_SIGNATURES))
}

/// RSASSA-PSS: MGF1 and a salt of the hash's own length, which the verification itself enforces.
fn pss(algorithm: &AlgorithmIdentifier<'_>) -> Result<Verification, String> {
    let parameters = algorithm.parameters.as_ref();
    let Some(Ok(parameters)) = parameters.map(RsaSsaPssParams::try_from) else {
        return Err(format!("RSASSA-PSS without parameters that can be read; {ALLOWED}"));
    };
    let hash = parameters.hash_algorithm_oid();
    let (verification, length): (Verification, u32) = match hash.as_bytes().split_last() {
        Some((1, SHA2)) => (&sig::RSA_PSS_2048_8192_SHA256, 32),
        Some((2, SHA2)) => (&sig::RSA_PSS_2048_8192_SHA384, 48),
        Some((3, SHA2)) => (&sig::RSA_PSS_2048_8192_SHA512, 64),
        _ if hash.as_bytes() == SHA1 => {
            return Err(format!("RSASSA-PSS with SHA-1, which does not count; {ALLOWED}"));
        }
        _ => return Err(format!("RSASSA-PSS with a hash that does not count; {ALLOWED}")),
    };
    let salt = parameters.salt_length();
    if salt == length {
        return Ok(verification);
    }
    Err(format!(
        "RSASSA-PSS with a salt of {salt} bytes, which is not supported; use a salt as long as the \
         hash, {length} bytes (openssl: -sigopt rsa_pss_saltlen:-1)"
    ))
}

/// What an algorithm is called; its object identifier where it has no name here.
fn name(algorithm: &AlgorithmIdentifier<'_>) -> String {
    let identifier = algorithm.algorithm.as_bytes();
    let name = match identifier.split_last() {
        Some((2, RSA_SIGNATURES)) => "RSA with MD2",
        Some((4, RSA_SIGNATURES)) => "RSA with MD5",
        Some((5, RSA_SIGNATURES)) => "RSA with SHA-1",
        Some((10, RSA_SIGNATURES)) => "RSASSA-PSS",
        Some((11, RSA_SIGNATURES)) => "RSA with SHA-256",
        Some((12, RSA_SIGNATURES)) => "RSA with SHA-384",
        Some((13, RSA_SIGNATURES)) => "RSA with SHA-512",
        Some((14, RSA_SIGNATURES)) => "RSA with SHA-224",
        Some((1, ECDSA_SHA2)) => "ECDSA with SHA-224",
        Some((2, ECDSA_SHA2)) => "ECDSA with SHA-256",
        Some((3, ECDSA_SHA2)) => "ECDSA with SHA-384",
        Some((4, ECDSA_SHA2)) => "ECDSA with SHA-512",
        _ => match identifier {
            ECDSA_SHA1 => "ECDSA with SHA-1",
            DSA_SHA1 => "DSA with SHA-1",
            ED25519 => "Ed25519",
            ED448 => "Ed448",
            _ => return format!("the algorithm {:.64}", algorithm.algorithm.to_string()),
        },
    };
    name.to_owned()
}
