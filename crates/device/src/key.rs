//! Keys made on the device, and the certificate signing request that proves possession.

use std::fmt;

use rcgen::{
    CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256,
};
use serde::{Deserialize, Serialize};

use crate::SecretPem;

/// What kind of key to make on the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyType {
    /// ECDSA on P-256: small, and fast even on a small processor.
    #[default]
    P256,
    /// RSA with 2048 bits, for servers or hardware that need it.
    Rsa2048,
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "P-256",
            Self::Rsa2048 => "RSA-2048",
        })
    }
}

/// A key could not be made, or not be read back.
#[derive(Debug)]
pub struct KeyError(rcgen::Error);

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the device's key could not be made or read: {}", self.0)
    }
}

impl std::error::Error for KeyError {}

/// A fresh private key as PKCS#8 PEM.
pub(crate) fn generate(key_type: KeyType) -> Result<SecretPem, KeyError> {
    let algorithm = match key_type {
        KeyType::P256 => &PKCS_ECDSA_P256_SHA256,
        // aws-lc-rs makes RSA keys of 2048 bits unless told otherwise.
        KeyType::Rsa2048 => &PKCS_RSA_SHA256,
    };
    let key = KeyPair::generate_for(algorithm).map_err(KeyError)?;
    Ok(SecretPem::new(key.serialize_pem()))
}

/// A certificate signing request of this key as PEM. Its subject is empty: who the device is, the
/// provisioning template says.
pub(crate) fn signing_request(key: &SecretPem) -> Result<String, KeyError> {
    let key = KeyPair::from_pem(key.expose()).map_err(KeyError)?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.serialize_request(&key).and_then(|request| request.pem()).map_err(KeyError)
}

#[cfg(test)]
mod tests {
    use rcgen::CertificateSigningRequestParams;

    use super::*;

    #[test]
    fn both_kinds_of_key_sign_a_request_within_the_servers_limit() {
        for key_type in [KeyType::P256, KeyType::Rsa2048] {
            let key = generate(key_type).unwrap();
            let request = signing_request(&key).unwrap();
            assert!(request.len() <= 4096, "AWS: a CSR has at most 4096 characters");
            CertificateSigningRequestParams::from_pem(&request).unwrap();
        }
    }

    #[test]
    fn a_key_is_never_printed() {
        let key = generate(KeyType::P256).unwrap();
        assert_eq!(format!("{key:?}"), "SecretPem(hidden)");
    }
}
