//! A CONNECT, and how it is answered.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::event::PublishProperties;
use crate::limits::Limits;
use crate::reason::{ConnectRefusal, Qos, Version};

/// What [`Opening::receive`](crate::Opening::receive) found.
#[derive(Debug)]
pub enum Opened {
    /// The CONNECT is not complete: read on, call again.
    NeedMore,
    /// A CONNECT in order; authorize it, then accept or refuse it.
    Connect(Box<ConnectRequest>),
    /// Not a CONNECT in order: write the bytes, close.
    Refused(Farewell),
}

/// The last words to a client whose CONNECT is refused by the standard or a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Farewell {
    /// The CONNACK to be written before closing; empty where the standard wants silence.
    pub bytes: Bytes,
    /// The clause that was broken, or `limit`.
    pub clause: &'static str,
    /// The code; sent only as far as `bytes` holds it.
    pub code: ConnectRefusal,
    /// What was wrong, which rule, and what to do.
    pub reason: String,
    /// The client id, where it can be read at all, shortened; for the log.
    pub client_id: Option<String>,
}

/// A will: the message published when the connection ends without a DISCONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// The topic, checked.
    pub topic: ByteString,
    /// The payload.
    pub payload: Bytes,
    /// The quality of service.
    pub qos: Qos,
    /// Whether it is to be retained.
    pub retain: bool,
    /// Message Expiry Interval, seconds, from the instant of publishing.
    pub message_expiry: Option<u32>,
    /// Will Delay Interval, seconds.
    pub delay: u32,
    /// The properties to be forwarded unchanged.
    pub properties: Option<Arc<PublishProperties>>,
}

impl Will {
    /// Bytes that the will takes in memory.
    pub fn bytes(&self) -> usize {
        let properties = self.properties.as_deref().map_or(0, PublishProperties::bytes);
        size_of::<Self>() + self.topic.len() + self.payload.len() + properties
    }
}

/// A CONNECT in order, waiting for an answer. It holds no view of the input buffer.
#[derive(Debug)]
pub struct ConnectRequest {
    /// The protocol version.
    pub version: Version,
    /// The client id; empty if the server is to assign one.
    pub client_id: String,
    /// Clean Start (5), Clean Session (3.1.1).
    pub clean_start: bool,
    /// The keep-alive asked for, seconds; [`ConnectRequest::keep_alive_in_force`] is what counts.
    pub keep_alive: u16,
    /// Session Expiry Interval asked for, seconds. MQTT 3.1.1: 0 with Clean Session, else
    /// `u32::MAX`.
    pub session_expiry: u32,
    /// The will.
    pub will: Option<Will>,
    /// The user name, which AWS ignores for X.509 clients.
    pub username: Option<String>,
    /// The password.
    pub password: Option<Bytes>,
    pub(crate) limits: Arc<Limits>,
    /// Client's Maximum Packet Size, bytes; `u32::MAX` without.
    pub(crate) client_packet_bytes: u32,
    /// Client's Receive Maximum, lowered to ours.
    pub(crate) client_receive_max: u16,
    /// Request Problem Information.
    pub(crate) problem_information: bool,
}

/// How a CONNECT is accepted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accept {
    /// Whether a stored session is resumed.
    pub session_present: bool,
    /// The client id made for a client that sent none.
    pub assigned_client_id: Option<String>,
    /// Session Expiry Interval in force, seconds; 0 ends the session with the connection.
    pub session_expiry: u32,
}

impl ConnectRequest {
    /// The keep-alive in force, seconds.
    pub fn keep_alive_in_force(&self) -> u16 {
        self.limits.keep_alive(self.keep_alive)
    }
}

/// What a client takes: how large a packet, and whether one may explain itself.
#[derive(Clone, Copy)]
pub(crate) struct ClientLimits {
    /// Client's Maximum Packet Size, bytes.
    pub(crate) max: u32,
    /// Request Problem Information.
    pub(crate) reasons: bool,
}
