//! The sockets that the server listens on.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use fleetwright_control::Endpoints;
use fleetwright_functions::Endpoint;
use fleetwright_gateway::{EndpointNames, Listener, Serves};
use fleetwright_host::StartError;
use fleetwright_host::tls::{ALPN_PORT, HTTPS_PORT, ServerCertificates};
use tokio::net::{TcpListener, TcpSocket};

use crate::config::{MqttListen, Settings};

/// MQTT over TLS. AWS: guide, "Protocols, port mappings, and authentication".
const MQTT_PORT: u16 = 8883;
/// Connections that the kernel keeps until they are accepted; it takes `net.core.somaxconn` if
/// that is less. (ours)
const BACKLOG: u32 = 4096;
/// Ports below this are for privileged programs, unless the system says otherwise.
const UNPRIVILEGED: u16 = 1024;

/// Addresses of the device gateway, by what they are for.
#[derive(Debug, Default)]
pub(crate) struct DeviceAddresses {
    /// MQTT, and HTTPS.
    pub(crate) mqtt: Vec<SocketAddr>,
    /// HTTPS.
    pub(crate) https: Vec<SocketAddr>,
    /// The credentials provider alone.
    pub(crate) credentials: Vec<SocketAddr>,
    /// The jobs endpoint alone.
    pub(crate) jobs: Vec<SocketAddr>,
}

/// The server's sockets, which listen, and their addresses.
pub(crate) struct Sockets {
    pub(crate) devices: Vec<Listener>,
    pub(crate) addresses: DeviceAddresses,
    pub(crate) api: TcpListener,
    pub(crate) api_address: SocketAddr,
}

impl Sockets {
    /// Listens for devices and for the control plane's clients.
    ///
    /// # Errors
    /// As [`mqtt`] and [`bind`].
    pub(crate) fn open(settings: &Settings) -> Result<Self, StartError> {
        let api = bind("api-listen", settings.api_listen)?;
        let listen = &settings.https_listen;
        let mqtt = mqtt(&settings.mqtt_listen)?;
        let https = match (&listen.https, &settings.mqtt_listen) {
            (Some(addresses), _) => bind_all("endpoints.https-listen", addresses)?,
            (None, MqttListen::Default) => default_https().into_iter().collect(),
            (None, MqttListen::At(_)) => Vec::new(),
        };
        let credentials = bind_all("endpoints.credentials-listen", &listen.credentials)?;
        let jobs = bind_all("endpoints.jobs-listen", &listen.jobs)?;
        let addresses = DeviceAddresses {
            mqtt: addresses(&mqtt)?,
            https: addresses(&https)?,
            credentials: addresses(&credentials)?,
            jobs: addresses(&jobs)?,
        };
        let serving = |serves, sockets: Vec<TcpListener>| {
            sockets.into_iter().map(move |socket| Listener { socket, serves })
        };
        let devices = serving(Serves::Devices, mqtt)
            .chain(serving(Serves::Https, https))
            .chain(serving(Serves::Credentials, credentials))
            .chain(serving(Serves::Jobs, jobs));
        Ok(Self {
            devices: devices.collect(),
            addresses,
            api_address: api.local_addr().map_err(StartError::new)?,
            api,
        })
    }

    /// What `DescribeEndpoint` answers. AWS's answers have no port because clients know 8883 and 443
    /// of the data endpoint, 443 of the others.
    pub(crate) fn endpoints(&self, settings: &Settings) -> Endpoints {
        let EndpointNames { data, credentials, jobs } = &settings.endpoints;
        let addresses = &self.addresses;
        let everywhere: Vec<SocketAddr> =
            addresses.https.iter().chain(&addresses.mqtt).copied().collect();
        let of_its_own = |own: &[SocketAddr]| {
            let found = if own.is_empty() { everywhere.as_slice() } else { own };
            found.to_vec()
        };
        Endpoints {
            data: endpoint(data, &addresses.mqtt, MQTT_PORT),
            credentials: endpoint(credentials, &of_its_own(&addresses.credentials), ALPN_PORT),
            jobs: endpoint(jobs, &of_its_own(&addresses.jobs), ALPN_PORT),
        }
    }

    /// The control plane as functions and commands of this machine reach it. They trust the
    /// installation's own roots, so over TLS it is by a name for which its certificate is presented.
    pub(crate) fn local_endpoint(
        &self,
        settings: &Settings,
        certificates: &ServerCertificates,
    ) -> Endpoint {
        let (tls, api) = (settings.api_tls, self.api_address);
        let is_ours =
            |name: &&String| name.parse::<IpAddr>().is_err() && !certificates.has_own_for(name);
        let ours = settings.hostnames.iter().find(is_ours).or(settings.hostnames.first());
        let host = match ours {
            Some(name) if tls => name.clone(),
            _ if api.ip().is_unspecified() => "127.0.0.1".to_owned(),
            _ => api.ip().to_string(),
        };
        let host = if host.contains(':') { format!("[{host}]") } else { host };
        let scheme = if tls { "https" } else { "http" };
        Endpoint { url: format!("{scheme}://{host}:{}", api.port()), tls }
    }
}

/// A name, with the first port unless clients find one by themselves.
fn endpoint(name: &str, addresses: &[SocketAddr], known: u16) -> String {
    match addresses {
        [first, ..] if addresses.iter().all(|it| it.port() != known) => {
            format!("{name}:{}", first.port())
        }
        _ => name.to_owned(),
    }
}

fn addresses(listeners: &[TcpListener]) -> Result<Vec<SocketAddr>, StartError> {
    listeners.iter().map(|it| it.local_addr().map_err(StartError::new)).collect()
}

fn bind_all(option: &str, addresses: &[SocketAddr]) -> Result<Vec<TcpListener>, StartError> {
    addresses.iter().map(|address| bind(option, *address)).collect()
}

/// Port 8443, where it can be had; without it, when nobody asked for it, there is a warning.
fn default_https() -> Option<TcpListener> {
    let any = SocketAddr::from((Ipv4Addr::UNSPECIFIED, HTTPS_PORT));
    let found = listener(any).map_err(|error| {
        tracing::warn!(
            "devices that publish over HTTPS to port {HTTPS_PORT} do not reach this server: {}. \
             https-listen of [endpoints] names other addresses, or this one to insist on it",
            unavailable(any, &error)
        );
    });
    found.ok()
}

/// Listens for devices, at every address or not at all; the first is shown where one is
/// wanted.
///
/// # Errors
/// An address cannot be had: one that was asked for, or the default port 8883. Without port 443,
/// when nobody asked for it, there is a warning.
fn mqtt(listen: &MqttListen) -> Result<Vec<TcpListener>, StartError> {
    let addresses = match listen {
        MqttListen::At(addresses) => addresses,
        MqttListen::Default => return default_ports(),
    };
    addresses.iter().map(|address| bind("mqtt-listen", *address)).collect()
}

fn default_ports() -> Result<Vec<TcpListener>, StartError> {
    let any = |port| SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let mut listeners = vec![bind("mqtt-listen", any(MQTT_PORT))?];
    match listener(any(ALPN_PORT)) {
        Ok(listener) => listeners.push(listener),
        Err(error) => tracing::warn!(
            "devices reach this server on port {MQTT_PORT} only: {}. These go to port {ALPN_PORT} \
             unless they are told another: the AWS IoT Device SDKs for C++ and for Java (MQTT 3), \
             the connection builders of the SDK for Python, AWS IoT Device Client. Give them port \
             {MQTT_PORT}, or have port {ALPN_PORT} free for this server; --mqtt-listen \
             0.0.0.0:{MQTT_PORT} says that it is not wanted",
            unavailable(any(ALPN_PORT), &error)
        ),
    }
    Ok(listeners)
}

/// Listens at one address that the option names.
///
/// # Errors
/// It cannot be had.
fn bind(option: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    listener(address).map_err(|error| {
        let how = match option.split_once('.') {
            Some((section, key)) => format!("{key} of [{section}]"),
            None => format!("--{option}"),
        };
        StartError::new(format_args!(
            "{}. Choose another address with {how}; port 0 picks a free one",
            unavailable(address, &error)
        ))
    })
}

fn listener(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // Where a server ran a moment ago, another may start at once.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

fn unavailable(address: SocketAddr, error: &io::Error) -> String {
    let port = address.port();
    let hint = match error.kind() {
        io::ErrorKind::AddrInUse => " (another program listens there)".to_owned(),
        io::ErrorKind::PermissionDenied if port < UNPRIVILEGED => format!(
            " (ports below {UNPRIVILEGED} need the capability CAP_NET_BIND_SERVICE, or \
             net.ipv4.ip_unprivileged_port_start={port})"
        ),
        _ => String::new(),
    };
    format!("cannot listen on {address}: {error}{hint}")
}
