//! Where the server listens.

use std::net::{SocketAddr, ToSocketAddrs};

use rustls::pki_types::ServerName;

/// Addresses of the device gateway, at most. (ours)
pub(super) const ADDRESSES: usize = 16;

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
    /// From addresses under [`address_rule`].
    ///
    /// # Errors
    /// One is named twice.
    pub(super) fn read(given: Option<&[String]>) -> Result<Self, String> {
        let Some(given) = given else { return Ok(Self::Default) };
        let mut addresses: Vec<SocketAddr> = Vec::with_capacity(given.len());
        for found in given.iter().filter_map(|text| address(text)) {
            if found.port() != 0 && addresses.contains(&found) {
                return Err(format!("it names {found} twice"));
            }
            addresses.push(found);
        }
        Ok(Self::At(addresses))
    }
}

pub(super) fn address(text: &str) -> Option<SocketAddr> {
    text.to_socket_addrs().ok()?.next()
}

pub(super) fn address_rule(text: &str) -> Result<(), String> {
    let allowed = || "an address of this machine with a port, such as 127.0.0.1:8883".to_owned();
    address(text).map(|_| ()).ok_or_else(allowed)
}

pub(super) fn hostname(text: &str) -> Result<(), String> {
    let allowed = |_| "a host name or an address, without port".to_owned();
    ServerName::try_from(text).map(|_| ()).map_err(allowed)
}
