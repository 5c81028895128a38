//! Where a connection comes in, and what it may ask for there. Port and ALPN tell MQTT from HTTPS;
//! where neither does, its first bytes do. Which endpoint it means is in the server's name (SNI) or
//! in the address; where neither tells, the path decides.

use std::net::SocketAddr;

use fleetwright_host::tls::{
    ALPN_CUSTOM, ALPN_HTTP, ALPN_HTTPS, ALPN_MQTT, ALPN_PORT, HTTPS_PORT, OpenTo,
};
use tokio::net::TcpListener;

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serves {
    /// MQTT, and HTTPS with a client certificate.
    Devices,
    /// HTTPS with a client certificate, also without ALPN.
    Https,
    /// The credentials provider alone.
    Credentials,
    /// The jobs endpoint: HTTPS without the credentials provider.
    Jobs,
}

/// A socket that listens, and what for.
#[derive(Debug)]
pub struct Listener {
    /// The socket.
    pub socket: TcpListener,
    /// What it is for.
    pub serves: Serves,
}

/// The names of the endpoints, as `DescribeEndpoint` answers them, without port. Those that are equal
/// are told apart by the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointNames {
    /// `iot:Data-ATS`.
    pub data: String,
    /// `iot:CredentialProvider`.
    pub credentials: String,
    /// `iot:Jobs`.
    pub jobs: String,
}

/// An address with a port of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entrance {
    pub(super) serves: Serves,
    port: u16,
}

/// What a connection speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Speaks {
    Mqtt,
    /// MQTT without a certificate, for an authorizer.
    Custom,
    Http,
    /// Its first bytes tell.
    Either,
}

/// What an HTTP request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Credentials,
    DataPlane,
}

impl Entrance {
    pub(super) fn of(serves: Serves, address: Option<SocketAddr>) -> Self {
        Self { serves, port: address.map_or(0, |address| address.port()) }
    }

    /// Who may come without a certificate. On AWS that is who offers none of its protocols on port
    /// 443; here also who offers HTTP by ALPN where the data plane is, whatever the port.
    pub(super) fn open_to(self) -> OpenTo {
        match self.serves {
            Serves::Devices if [ALPN_PORT, HTTPS_PORT].contains(&self.port) => OpenTo::Http,
            Serves::Https => OpenTo::Http,
            Serves::Devices => OpenTo::HttpByAlpn,
            Serves::Credentials | Serves::Jobs => OpenTo::Nobody,
        }
    }

    /// Whether clients may come without a certificate by ALPN `mqtt`, for an authorizer.
    pub(super) fn takes_custom(self) -> bool {
        self.serves == Serves::Devices
    }

    /// Whether MQTT over WebSocket is spoken here.
    pub(super) fn upgrades(self) -> bool {
        matches!(self.serves, Serves::Devices | Serves::Https)
    }

    /// What a connection speaks here, by the protocol that was agreed on.
    pub(super) fn speaks(self, alpn: Option<&[u8]>) -> Speaks {
        match alpn {
            Some(protocol) if protocol == ALPN_MQTT && self.serves == Serves::Devices => {
                Speaks::Mqtt
            }
            Some(protocol) if protocol == ALPN_CUSTOM && self.serves == Serves::Devices => {
                Speaks::Custom
            }
            Some(protocol) if [ALPN_HTTPS, ALPN_HTTP].contains(&protocol) => Speaks::Http,
            // AWS: without ALPN, 443 and 8443 are ports of HTTP.
            None if self.serves == Serves::Devices
                && ![ALPN_PORT, HTTPS_PORT].contains(&self.port) =>
            {
                Speaks::Either
            }
            _ => Speaks::Http,
        }
    }

    /// Whether something is served here under a name.
    pub(super) fn offers(self, wanted: Wanted, name: Option<&str>, names: &EndpointNames) -> bool {
        let credentials = wanted == Wanted::Credentials;
        match self.serves {
            Serves::Credentials => return credentials,
            Serves::Jobs => return !credentials,
            Serves::Devices | Serves::Https => {}
        }
        let Some(name) = name else { return true };
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        let others = is(&names.data) || is(&names.jobs);
        match (is(&names.credentials), others) {
            (true, false) => credentials,
            (false, true) => !credentials || is_shared(names),
            _ => true,
        }
    }
}

/// Whether the credentials provider has no name of its own.
fn is_shared(names: &EndpointNames) -> bool {
    names.credentials.eq_ignore_ascii_case(&names.data)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(serves: Serves, port: u16) -> Entrance {
        Entrance::of(serves, Some(SocketAddr::from(([127, 0, 0, 1], port))))
    }

    #[test]
    fn alpn_decides_before_the_port() {
        for (serves, port, alpn, speaks) in [
            (Serves::Devices, 8883, None, Speaks::Either),
            (Serves::Devices, 8883, Some(ALPN_MQTT), Speaks::Mqtt),
            (Serves::Devices, 8883, Some(ALPN_HTTPS), Speaks::Http),
            (Serves::Devices, 443, Some(ALPN_MQTT), Speaks::Mqtt),
            (Serves::Devices, 443, Some(ALPN_CUSTOM), Speaks::Custom),
            (Serves::Devices, 443, Some(ALPN_HTTPS), Speaks::Http),
            (Serves::Devices, 443, Some(ALPN_HTTP), Speaks::Http),
            (Serves::Devices, 443, None, Speaks::Http),
            (Serves::Devices, 8443, None, Speaks::Http),
            (Serves::Https, 9000, None, Speaks::Http),
            (Serves::Credentials, 9000, Some(ALPN_MQTT), Speaks::Http),
            (Serves::Jobs, 9000, None, Speaks::Http),
        ] {
            assert_eq!(at(serves, port).speaks(alpn), speaks, "{serves:?} {port} {alpn:?}");
        }
    }

    #[test]
    fn name_and_address_tell_the_endpoints_apart_where_they_differ() {
        let own = EndpointNames {
            data: "data.example".into(),
            credentials: "credentials.example".into(),
            jobs: "jobs.example".into(),
        };
        let shared = EndpointNames { credentials: "data.example".into(), ..own.clone() };
        let devices = at(Serves::Devices, 443);
        for (entrance, names, name, credentials, data_plane) in [
            (devices, &own, Some("credentials.example"), true, false),
            (devices, &own, Some("Credentials.Example"), true, false),
            (devices, &own, Some("data.example"), false, true),
            (devices, &own, Some("jobs.example"), false, true),
            (devices, &own, Some("localhost"), true, true),
            (devices, &own, None, true, true),
            (devices, &shared, Some("data.example"), true, true),
            (at(Serves::Credentials, 9000), &own, None, true, false),
            (at(Serves::Credentials, 9000), &own, Some("data.example"), true, false),
            (at(Serves::Jobs, 9000), &own, None, false, true),
        ] {
            let offered = [Wanted::Credentials, Wanted::DataPlane]
                .map(|wanted| entrance.offers(wanted, name, names));
            assert_eq!(offered, [credentials, data_plane], "{entrance:?} {name:?}");
        }
    }
}
