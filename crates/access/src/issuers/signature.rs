//! Signatures of tokens (RFC 7518, sections 3.3 and 3.4).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ECDSA_P521_SHA512_FIXED,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use fleetwright_core::web_identity::{Algorithm, Material};

/// Whether a signature over a message is a key's. RSA keys have 2048 to 8192 bits.
pub(super) fn is_valid(
    algorithm: Algorithm,
    key: &Material,
    message: &[u8],
    signature: &[u8],
) -> bool {
    match (algorithm, key) {
        (Algorithm::Rs256, key) => rsa(&RSA_PKCS1_2048_8192_SHA256, key, message, signature),
        (Algorithm::Rs384, key) => rsa(&RSA_PKCS1_2048_8192_SHA384, key, message, signature),
        (Algorithm::Rs512, key) => rsa(&RSA_PKCS1_2048_8192_SHA512, key, message, signature),
        (Algorithm::Es256, key) => ecdsa(&ECDSA_P256_SHA256_FIXED, key, message, signature),
        (Algorithm::Es384, key) => ecdsa(&ECDSA_P384_SHA384_FIXED, key, message, signature),
        (Algorithm::Es512, key) => ecdsa(&ECDSA_P521_SHA512_FIXED, key, message, signature),
    }
}

fn rsa(how: &'static RsaParameters, key: &Material, message: &[u8], signature: &[u8]) -> bool {
    let Material::Rsa { modulus, exponent } = key else { return false };
    RsaPublicKeyComponents { n: modulus, e: exponent }.verify(how, message, signature).is_ok()
}

fn ecdsa(
    how: &'static dyn VerificationAlgorithm,
    key: &Material,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Material::Point { bytes, .. } = key else { return false };
    UnparsedPublicKey::new(how, bytes).verify(message, signature).is_ok()
}
