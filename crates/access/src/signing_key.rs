//! Keys that are derived from a secret: good for one day, region and service.

use std::fmt;

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use zeroize::Zeroizing;

/// What a signing key is for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SigningScope {
    /// `YYYYMMDD`.
    pub date: String,
    /// The region.
    pub region: String,
    /// The signing name.
    pub service: String,
}

/// Verifies signatures of its scope; the secret cannot be derived from it.
#[derive(Clone)]
pub struct SigningKey(Zeroizing<[u8; 32]>);

impl SigningKey {
    /// Derives the key. AWS: "Create a signed AWS API request", IAM user guide.
    pub fn derive(secret: &str, scope: &SigningScope) -> Self {
        let secret = Zeroizing::new(format!("AWS4{secret}"));
        let mut key = Zeroizing::new(hmac(secret.as_bytes(), scope.date.as_bytes()));
        for part in [scope.region.as_str(), &scope.service, "aws4_request"] {
            *key = hmac(key.as_slice(), part.as_bytes());
        }
        Self(key)
    }

    /// HMAC-SHA256 over a string to sign.
    pub fn sign(&self, message: &[u8]) -> [u8; 32] {
        hmac(self.0.as_slice(), message)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let tag = sign(&Key::new(HMAC_SHA256, key), message);
    let mut out = [0; 32];
    for (slot, byte) in out.iter_mut().zip(tag.as_ref()) {
        *slot = *byte;
    }
    out
}
