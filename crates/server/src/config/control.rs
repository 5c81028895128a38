//! `[control]`: what the control plane takes on at once; without it, nothing is throttled.

use serde::{Deserialize, Serialize};

use crate::slots::Bounds;

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
    /// Requests under way at once; further ones are told to come back.
    pub requests_at_once: usize,
    /// Connections at once that wait for a request; a further one gets the slot of a peer that says
    /// nothing.
    pub max_waiting: usize,
}

pub(super) const KEYS: &[&str] =
    &["requests-per-second", "burst", "requests-at-once", "max-waiting"];

impl Default for Control {
    fn default() -> Self {
        Self { requests_per_second: None, burst: None, requests_at_once: 1024, max_waiting: 1024 }
    }
}

impl Control {
    /// Slots of connections that wait for a request; one address (IPv6: one network of 64 bits) may
    /// have a quarter before it has to give its own to a further one.
    pub(crate) fn waiting(&self) -> Bounds {
        let (name, total) = ("max-waiting of [control]", self.max_waiting);
        Bounds { name, total, per_address: total.div_ceil(4) }
    }

    /// What is wrong with the values, if anything.
    pub(super) fn fault(&self) -> Option<String> {
        let zero = |key: &str| format!("[control] {key} 0 would admit no request; give 1 or more");
        match self {
            Self { requests_per_second: Some(0), .. } => Some(zero("requests-per-second")),
            Self { burst: Some(0), .. } => Some(zero("burst")),
            Self { requests_at_once: 0, .. } => Some(zero("requests-at-once")),
            Self { max_waiting: 0, .. } => Some(zero("max-waiting")),
            Self { requests_per_second: None, burst: Some(_), .. } => Some(
                "[control] burst belongs to requests-per-second; give that too, or remove burst"
                    .into(),
            ),
            _ => None,
        }
    }
}
