//! `[provisioning]`: making certificates and keys. `[claims]`: optional limits per claim certificate,
//! off by default.

use std::collections::BTreeMap;

use fleetwright_core::configuration::{Key, Takes};
use serde::{Deserialize, Serialize};

const RATE: Key = Key::new("requests-per-second", Takes::Number(1, 1_000_000));
const DEVICES: Key = Key::new("max-devices", Takes::Number(1, i64::MAX));
const EXPIRES: Key = Key::new("expires", Takes::Seconds);

/// The digits of a SHA-256.
fn certificate_id(text: &str) -> Result<(), String> {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    match text.len() == 64 && text.bytes().all(digit) {
        true => Ok(()),
        false => Err("a certificate's id, 64 digits of 0-9 and a-f".to_owned()),
    }
}

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

impl Claims {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        RATE,
        DEVICES,
        EXPIRES,
        Key::new("certificates", Takes::Each(certificate_id, &Takes::Section(ClaimLimits::KEYS))),
    ];
}
impl ClaimLimits {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[RATE, DEVICES, EXPIRES];
}

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

impl Provisioning {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        Key::new("key-pool-capacity", Takes::Number(1, 100_000)),
        Key::new("key-wait-millis", Takes::Number(0, 600_000)),
        Key::new("claim-seconds", Takes::Number(1, 300)),
        Key::new("check-role", Takes::Flag),
    ];
}

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
