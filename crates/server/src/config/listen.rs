//! Where the server listens.

use std::net::{SocketAddr, ToSocketAddrs};

use serde::Deserialize;

use super::SettingsError;

/// Addresses of the device gateway, at most. (ours)
const ADDRESSES: usize = 16;

/// One address or a list of them, as the configuration file has it.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged, expecting = "mqtt-listen must be an address or a list of addresses")]
pub enum Addresses {
    /// `"0.0.0.0:8883"`
    One(String),
    /// `["0.0.0.0:8883", "0.0.0.0:443"]`
    Several(Vec<String>),
}

impl From<Vec<String>> for Addresses {
    fn from(addresses: Vec<String>) -> Self {
        Self::Several(addresses)
    }
}

/// Where the device gateway listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MqttListen {
    /// Nothing was said: 8883 on every address, and 443 beside it where that can be had.
    /// AWS: both ports speak MQTT with client certificates (guide, "Protocols").
    Default,
    /// At these addresses, each of which must be had; port 0 picks a free one.
    At(Vec<SocketAddr>),
}

impl MqttListen {
    pub(super) fn read(given: Option<Addresses>) -> Result<Self, SettingsError> {
        let given = match given {
            None => return Ok(Self::Default),
            Some(Addresses::One(address)) => vec![address],
            Some(Addresses::Several(addresses)) => addresses,
        };
        if given.is_empty() || given.len() > ADDRESSES {
            return Err(SettingsError(format!(
                "mqtt-listen needs 1 to {ADDRESSES} addresses, not {}; leave it out for ports \
                 8883 and 443",
                given.len()
            )));
        }
        let mut addresses = Vec::with_capacity(given.len());
        for text in given {
            let found = address("mqtt-listen", &text)?;
            if found.port() != 0 && addresses.contains(&found) {
                return Err(SettingsError(format!("mqtt-listen names {found} twice")));
            }
            addresses.push(found);
        }
        Ok(Self::At(addresses))
    }
}

pub(super) fn address(option: &str, value: &str) -> Result<SocketAddr, SettingsError> {
    value.to_socket_addrs().ok().and_then(|mut found| found.next()).ok_or_else(|| {
        SettingsError(format!("{option} '{value}' is not an address such as 127.0.0.1:8883"))
    })
}
