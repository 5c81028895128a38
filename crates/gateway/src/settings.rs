//! `[mqtt]`: the device gateway.

use fleetwright_core::configuration::{Conflict, Key, Takes};
use fleetwright_core::policy::Network;
use fleetwright_host::slots::Bounds;
use fleetwright_store::{QueueBounds, WhenFull};
use serde::{Deserialize, Serialize};

/// Addresses and networks of load balancers, at most. (ours)
pub const PROXIES: usize = 64;

fn network_rule(text: &str) -> Result<(), String> {
    let allowed = || "an address or a network, such as 10.0.0.0/8 or 2001:db8::/32".to_owned();
    Network::parse(text).map(|_| ()).ok_or_else(allowed)
}

/// How the gateway treats its connections.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Mqtt {
    /// Connections at once, 1 to 10,000,000; further ones wait, and are refused if none of these ends.
    pub max_connections: usize,
    /// Connections at once that have not said CONNECT yet; a further one gets the slot of a peer
    /// that says nothing.
    pub max_half_open: usize,
    /// What a refused MQTT 3.1.1 CONNECT is answered with.
    pub connect_refusal_code: ConnectRefusalCode,
    /// Close the connection on any denied publish or subscribe, as AWS does on MQTT 3.1.1.
    pub strict_close: bool,
    /// PUBLISHes a second that are read of one connection, 1 to 1,000,000; one that sends more is read
    /// more slowly, and loses nothing. None by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publishes_per_second: Option<u32>,
    /// Send unacknowledged QoS 1 messages again on open connections of MQTT 5 too, as AWS does.
    pub resend_mqtt5: bool,
    /// What one connection may make the server hold, MiB, 1 to 1024: messages that wait for it,
    /// buffers, provisioning requests in line, subscriptions, its will.
    pub memory_per_connection_mib: usize,
    /// The same of all connections together, MiB, 16 to 1,048,576.
    pub memory_mib: usize,
    /// The longest that a session outlives its connection, seconds, 60 to 604,800; what MQTT 3.1.1
    /// gets, which cannot ask.
    pub session_expiry_seconds: u32,
    /// QoS 1 messages that are queued for one session, 1 to 1,000,000.
    pub session_queue_messages: usize,
    /// The same, MiB, 1 to 1024.
    pub session_queue_mib: usize,
    /// What is queued for all sessions, MiB, 1 to 1,048,576; a message for many counts once.
    pub session_queues_mib: usize,
    /// What is dropped at the bound of a session's queue.
    pub session_queue_full: QueueFull,
    /// Addresses and networks of load balancers, which begin every connection with a header of the
    /// PROXY protocol, version 2; at most [`PROXIES`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub proxy_protocol_from: Vec<String>,
}

impl Mqtt {
    /// The bound of one connection, bytes.
    pub(crate) fn bytes_per_connection(&self) -> usize {
        self.memory_per_connection_mib << 20
    }

    /// The bound of all connections, bytes.
    pub(crate) fn bytes_in_all(&self) -> usize {
        self.memory_mib << 20
    }

    /// What cannot be used together.
    pub fn conflict(&self) -> Option<Conflict> {
        let (one, all) = (self.memory_per_connection_mib, self.memory_mib);
        (all < one).then(|| Conflict {
            key: "mqtt.memory-mib",
            why: format!("it is less than memory-per-connection-mib, which is {one}"),
        })
    }
}

impl Mqtt {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        Key::new("max-connections", Takes::Number(1, 10_000_000)),
        Key::new("max-half-open", Takes::Number(1, 10_000_000)),
        Key::new("connect-refusal-code", Takes::OneOf(&["not-authorized", "seven"])),
        Key::new("strict-close", Takes::Flag),
        Key::new("publishes-per-second", Takes::Number(1, 1_000_000)),
        Key::new("resend-mqtt5", Takes::Flag),
        Key::new("memory-per-connection-mib", Takes::Number(1, 1024)),
        Key::new("memory-mib", Takes::Number(16, 1_048_576)),
        Key::new("session-expiry-seconds", Takes::Number(60, 604_800)),
        Key::new("session-queue-messages", Takes::Number(1, 1_000_000)),
        Key::new("session-queue-mib", Takes::Number(1, 1024)),
        Key::new("session-queues-mib", Takes::Number(1, 1_048_576)),
        Key::new("session-queue-full", Takes::OneOf(&["drop-newest", "drop-oldest"])),
        Key::new("proxy-protocol-from", Takes::List(0, PROXIES, &Takes::Text(network_rule))),
    ];
}

/// CONNACK return code of a refused MQTT 3.1.1 CONNECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectRefusalCode {
    /// 5, as the standard has it.
    NotAuthorized,
    /// 7, as AWS's 2022 guide has it.
    Seven,
}

/// What is dropped from a session's queue that is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum QueueFull {
    /// The message that comes.
    DropNewest,
    /// The messages that came first.
    DropOldest,
}

impl Default for Mqtt {
    fn default() -> Self {
        Self {
            max_connections: 100_000,
            max_half_open: 8192,
            connect_refusal_code: ConnectRefusalCode::NotAuthorized,
            strict_close: false,
            publishes_per_second: None,
            resend_mqtt5: false,
            memory_per_connection_mib: 4,
            memory_mib: 256,
            session_expiry_seconds: 3600,
            session_queue_messages: 1000,
            session_queue_mib: 16,
            session_queues_mib: 4096,
            session_queue_full: QueueFull::DropNewest,
            proxy_protocol_from: Vec::new(),
        }
    }
}

impl Mqtt {
    /// The load balancers.
    pub(crate) fn proxies(&self) -> Vec<Network> {
        self.proxy_protocol_from.iter().filter_map(|text| Network::parse(text)).collect()
    }

    /// How much is queued for sessions.
    pub(crate) fn queue_bounds(&self) -> QueueBounds {
        QueueBounds {
            messages: self.session_queue_messages,
            bytes: self.session_queue_mib << 20,
            total_bytes: self.session_queues_mib << 20,
            when_full: match self.session_queue_full {
                QueueFull::DropNewest => WhenFull::DropNewest,
                QueueFull::DropOldest => WhenFull::DropOldest,
            },
            group_expiry: self.session_expiry_seconds,
        }
    }

    /// Slots of half-open connections; one address (IPv6: one network of 64 bits) may have half of
    /// them before it has to give its own to a further one.
    pub(crate) fn half_open(&self) -> Bounds {
        let (name, total) = ("max-half-open of [mqtt]", self.max_half_open);
        Bounds { name, total, per_address: total.div_ceil(2) }
    }
}
