//! Where the server is: `host:port`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The port of MQTT over TLS when none is given.
const DEFAULT_PORT: u16 = 8883;
/// On this port the server tells MQTT from HTTPS by ALPN alone.
const SHARED_PORT: u16 = 443;

/// The server's MQTT endpoint. The host is also the name that the server's certificate must carry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// Host name or IPv4 address.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// TCP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The ALPN protocol to offer, if the port needs one.
    // AWS: IoT Core developer guide, page "Device communication protocols": MQTT with client
    // certificates on port 443 needs `x-amzn-mqtt-ca`; 8883 needs none.
    pub(crate) fn alpn(&self) -> Option<&'static [u8]> {
        (self.port == SHARED_PORT).then_some(b"x-amzn-mqtt-ca")
    }
}

/// The text is not `host:port`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidEndpoint {
    text: String,
    reason: &'static str,
}

impl fmt::Display for InvalidEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?} is not an endpoint: {}. Write HOST:PORT, for example iot.example.com:8883",
            self.text, self.reason
        )
    }
}

impl std::error::Error for InvalidEndpoint {}

impl FromStr for Endpoint {
    type Err = InvalidEndpoint;

    /// `host:port`, or `host` alone for port 8883.
    fn from_str(text: &str) -> Result<Self, InvalidEndpoint> {
        let refuse = |reason| InvalidEndpoint { text: text.to_owned(), reason };
        if text.contains("://") {
            return Err(refuse("it is a URL; leave the scheme out"));
        }
        if text.starts_with('[') || text.matches(':').count() > 1 {
            return Err(refuse("IPv6 addresses are not supported; use a host name"));
        }
        let (host, port) = match text.split_once(':') {
            None => (text, DEFAULT_PORT),
            Some((host, port)) => {
                let port = port.parse().ok().filter(|port| *port != 0);
                (host, port.ok_or_else(|| refuse("the port is not a number from 1 to 65535"))?)
            }
        };
        if host.is_empty() {
            return Err(refuse("the host is missing"));
        }
        if !host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) {
            return Err(refuse("the host has a character that no host name has"));
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl TryFrom<String> for Endpoint {
    type Error = InvalidEndpoint;
    fn try_from(text: String) -> Result<Self, InvalidEndpoint> {
        text.parse()
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_and_port_are_read_and_written_back() {
        for (text, shown) in [
            ("iot.example.com:8883", "iot.example.com:8883"),
            ("iot.example.com", "iot.example.com:8883"),
            ("127.0.0.1:443", "127.0.0.1:443"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_not_an_endpoint_is_refused_with_the_way_out() {
        for text in
            ["", ":8883", "a:0", "a:65536", "a:b", "mqtts://a:1", "[::1]:8883", "::1", "a b"]
        {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.contains("Write HOST:PORT"), "{text}: {error}");
        }
    }

    #[test]
    fn only_port_443_offers_alpn() {
        assert!("a:8883".parse::<Endpoint>().unwrap().alpn().is_none());
        assert_eq!("a:443".parse::<Endpoint>().unwrap().alpn(), Some(&b"x-amzn-mqtt-ca"[..]));
    }
}
