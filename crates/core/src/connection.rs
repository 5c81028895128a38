//! What operators are shown of connections: who is connected, and what happens on a connection.

use std::net::SocketAddr;

use crate::certificate::CertificateId;
use crate::time::Timestamp;

/// A client that is connected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its client id.
    pub client_id: String,
    /// Who it is, as its events name it.
    pub principal: String,
    /// The certificate that it presented, if that is who it is.
    pub certificate: Option<CertificateId>,
    /// The thing of its name that the certificate is attached to, or its exclusive thing.
    pub thing: Option<String>,
    /// When its CONNECT was accepted.
    pub since: Timestamp,
    /// The peer's address.
    pub source: Option<SocketAddr>,
    /// The address that it connected to.
    pub target: Option<SocketAddr>,
    /// `3.1.1` or `5`.
    pub version: &'static str,
    /// Seconds; 0 for none.
    pub keep_alive: u16,
    /// Whether the CONNECT began a new session.
    pub clean: bool,
    /// Seconds that its session outlives it; 0 when it ends with it.
    pub session_expiry: u32,
    /// Whole filters with the QoS granted, in their order.
    pub subscriptions: Vec<(String, u8)>,
    /// Messages that wait in memory for the client or for its PUBACK.
    pub waiting: usize,
}

/// A client that is not connected, and is still known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disconnected {
    /// When the last connection ended, and why, as lifecycle events say it; known for half an hour.
    pub last: Option<(Timestamp, &'static str)>,
    /// Its session, if that is kept.
    pub session: Option<OfflineSession>,
}

/// A session whose client is away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OfflineSession {
    /// Seconds that it outlives its connection.
    pub expiry: u32,
    /// Whole filters with the QoS granted.
    pub subscriptions: Vec<(String, u8)>,
}

/// Why a message for one client was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotDelivered {
    /// It is not connected.
    NotConnected,
    /// Its policies do not let it receive the topic; the reason for the log.
    Denied(String),
    /// The message is larger than the client takes.
    TooLarge,
    /// The client takes its messages too slowly.
    Slow,
    /// It was sent, and not acknowledged in time.
    Unconfirmed,
}

/// A line of a trace: a packet or a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    /// Rises with each line.
    pub position: u64,
    /// When.
    pub at: Timestamp,
    /// `in`, `out` or `server`.
    pub direction: &'static str,
    /// What, in one line, with the reason of a refusal.
    pub what: String,
    /// The payload, if payloads were asked for.
    pub payload: Option<Vec<u8>>,
}

/// Lines of a trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TracePage {
    /// The lines, in their order.
    pub lines: Vec<TraceLine>,
    /// Where to go on.
    pub position: u64,
    /// Lines that were dropped, because they were not read in time.
    pub lost: u64,
}
