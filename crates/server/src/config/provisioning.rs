//! `[provisioning]`: making certificates and keys.

use serde::{Deserialize, Serialize};

/// How certificates and keys are made.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Provisioning {
    /// RSA-2048 keys kept ready for `CreateKeysAndCertificate`, 1 to 100,000.
    pub key_pool_capacity: usize,
    /// Longest wait for a key when the pool is empty, milliseconds.
    pub key_wait_millis: u64,
}

pub(super) const KEYS: &[&str] = &["key-pool-capacity", "key-wait-millis"];

impl Default for Provisioning {
    fn default() -> Self {
        Self { key_pool_capacity: 1024, key_wait_millis: 20_000 }
    }
}
