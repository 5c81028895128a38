//! `[claims]`: optional limits per claim certificate, off by default.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Limits of claim certificates: for all, and by certificate id.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Claims {
    /// Certificates and registrations per second and claim certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<u32>,
    /// Devices that one claim certificate may register in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_devices: Option<u64>,
    /// Seconds since 1970 after which no claim certificate may provision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
    /// `[claims.certificates.ID]`: overrides of single claim certificates.
    pub certificates: BTreeMap<String, ClaimLimits>,
}

/// Limits of one claim certificate; what is absent falls back to `[claims]`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ClaimLimits {
    /// Certificates and registrations per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<u32>,
    /// Devices registered in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_devices: Option<u64>,
    /// Seconds since 1970 after which this claim certificate may not provision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<i64>,
}

pub(super) const KEYS: &[&str] = &["requests-per-second", "max-devices", "expires", "certificates"];
pub(super) const LIMIT_KEYS: &[&str] = &["requests-per-second", "max-devices", "expires"];

impl Claims {
    /// The limits of one claim certificate, by its id in hex.
    pub fn of(&self, certificate_id: &str) -> ClaimLimits {
        let own = self.certificates.get(certificate_id).copied().unwrap_or_default();
        ClaimLimits {
            requests_per_second: own.requests_per_second.or(self.requests_per_second),
            max_devices: own.max_devices.or(self.max_devices),
            expires: own.expires.or(self.expires),
        }
    }
}
