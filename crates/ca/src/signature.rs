//! Which signature algorithms count: RSA (PKCS#1 v1.5 and PSS) and ECDSA, with SHA-2.

use aws_lc_rs::signature as sig;
use x509_parser::prelude::*;
use x509_parser::signature_algorithm::RsaSsaPssParams;

use crate::key_policy::KeyKind;

const RSA_SIGNATURES: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
const ECDSA_SHA2: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03];

/// How a signature by this kind of key is verified; `None` when its algorithm is not allowed:
/// SHA-2 only, and only with a key of its own kind.
pub(crate) fn verification(
    kind: KeyKind,
    algorithm: &AlgorithmIdentifier<'_>,
) -> Option<&'static dyn sig::VerificationAlgorithm> {
    let (last, family) = algorithm.algorithm.as_bytes().split_last()?;
    Some(match (kind, family, last) {
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
        _ => return None,
    })
}

/// RSASSA-PSS: MGF1 and a salt of the hash's own length, which the verification itself enforces.
fn pss(algorithm: &AlgorithmIdentifier<'_>) -> Option<&'static dyn sig::VerificationAlgorithm> {
    const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
    let parameters = RsaSsaPssParams::try_from(algorithm.parameters.as_ref()?).ok()?;
    match parameters.hash_algorithm_oid().as_bytes().split_last()? {
        (1, SHA2) => Some(&sig::RSA_PSS_2048_8192_SHA256),
        (2, SHA2) => Some(&sig::RSA_PSS_2048_8192_SHA384),
        (3, SHA2) => Some(&sig::RSA_PSS_2048_8192_SHA512),
        _ => None,
    }
}
