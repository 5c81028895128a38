//! `[control]`: what the control plane takes on at once; without it, nothing is throttled.

use fleetwright_core::configuration::{Conflict, Key, Takes};
use fleetwright_host::slots::Bounds;
use serde::{Deserialize, Serialize};

/// Bounds of the control plane.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Control {
    /// Requests per second and operation; further ones are throttled, as AWS does. None by
    /// default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<u32>,
    /// Requests of an operation at once after a pause; a second's by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// Requests under way at once; further ones are refused with 503.
    pub requests_at_once: usize,
    /// Connections at once that wait for a request; a further one gets the slot of a silent
    /// peer.
    pub max_waiting: usize,
    /// Answer `GET /metrics`, to whoever reaches the API: no signature is asked for.
    pub metrics: bool,
}

impl Control {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        Key::new("requests-per-second", Takes::Number(1, 1_000_000)),
        Key::new("burst", Takes::Number(1, 1_000_000)),
        Key::new("requests-at-once", Takes::Number(1, 1_000_000)),
        Key::new("max-waiting", Takes::Number(1, 10_000_000)),
        Key::new("metrics", Takes::Flag),
    ];
}

impl Default for Control {
    fn default() -> Self {
        Self {
            requests_per_second: None,
            burst: None,
            requests_at_once: 1024,
            max_waiting: 1024,
            metrics: false,
        }
    }
}

impl Control {
    /// Slots of connections that wait for a request; one address (IPv6: one network of 64 bits) may
    /// have a quarter before it has to give its own to a further one.
    pub fn waiting(&self) -> Bounds {
        let (name, total) = ("max-waiting of [control]", self.max_waiting);
        Bounds { name, total, per_address: total.div_ceil(4) }
    }

    /// What cannot be used together.
    pub fn conflict(&self) -> Option<Conflict> {
        (self.burst.is_some() && self.requests_per_second.is_none()).then(|| Conflict {
            key: "control.burst",
            why: "it belongs to requests-per-second; give that too, or remove it".to_owned(),
        })
    }
}
