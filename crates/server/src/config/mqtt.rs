//! `[mqtt]`: the device gateway.

use serde::{Deserialize, Serialize};

/// How the gateway treats its connections.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Mqtt {
    /// Connections at once; further ones wait unaccepted.
    pub max_connections: usize,
    /// What a refused MQTT 3.1.1 CONNECT is answered with.
    pub connect_refusal_code: ConnectRefusalCode,
    /// Close the connection on any denied publish or subscribe, as AWS does on MQTT 3.1.1.
    pub strict_close: bool,
}

pub(super) const KEYS: &[&str] = &["max-connections", "connect-refusal-code", "strict-close"];

/// CONNACK return code of a refused MQTT 3.1.1 CONNECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectRefusalCode {
    /// 5, as the standard has it.
    NotAuthorized,
    /// 7, as AWS's 2022 guide has it.
    Seven,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            max_connections: 100_000,
            connect_refusal_code: ConnectRefusalCode::NotAuthorized,
            strict_close: false,
        }
    }
}
