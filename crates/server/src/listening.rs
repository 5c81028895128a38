//! The sockets that the server listens on.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

use crate::app::StartError;
use crate::config::MqttListen;

/// MQTT over TLS. AWS: guide, "Protocols, port mappings, and authentication".
pub(crate) const MQTT_PORT: u16 = 8883;
/// MQTT over TLS with ALPN, same page.
pub(crate) const ALPN_PORT: u16 = 443;
/// Connections that the kernel keeps until they are accepted; it takes `net.core.somaxconn` if
/// that is less. (ours)
const BACKLOG: u32 = 4096;
/// Ports below this are for privileged programs, unless the system says otherwise.
const UNPRIVILEGED: u16 = 1024;

/// Listens for devices, at every address or not at all; the first is the one that is told where one
/// is wanted.
///
/// # Errors
/// An address cannot be had: one that was asked for, or the default port 8883. Without port 443,
/// when nobody asked for it, there is a warning.
pub(crate) fn mqtt(listen: &MqttListen) -> Result<Vec<TcpListener>, StartError> {
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
pub(crate) fn bind(option: &str, address: SocketAddr) -> Result<TcpListener, StartError> {
    listener(address).map_err(|error| {
        StartError::new(format_args!(
            "{}. Choose another address with --{option}; port 0 picks a free one",
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
