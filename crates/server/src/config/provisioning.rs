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
    /// Life of a trusted user's provisioning claim, seconds, 1 to 300. AWS: 300.
    pub claim_seconds: u16,
    /// Whether a template's role must exist, trust AWS IoT and allow what the template does.
    pub check_role: bool,
}

pub(super) const KEYS: &[&str] =
    &["key-pool-capacity", "key-wait-millis", "claim-seconds", "check-role"];

impl Default for Provisioning {
    fn default() -> Self {
        Self {
            key_pool_capacity: 1024,
            key_wait_millis: 20_000,
            claim_seconds: 300,
            check_role: true,
        }
    }
}
