//! The fixed header: where a packet ends, and whether its flags are in order.

use super::error::{Code, LIMIT, ProtocolError, by_version, unreadable};
use super::reader::{VariableByteInteger, variable_byte_integer};
use crate::reason::Version;

/// Packet types, the upper half of the first byte.
pub(crate) mod kind {
    pub(crate) const CONNECT: u8 = 1;
    pub(crate) const CONNACK: u8 = 2;
    pub(crate) const PUBLISH: u8 = 3;
    pub(crate) const PUBACK: u8 = 4;
    pub(crate) const PUBREC: u8 = 5;
    pub(crate) const PUBREL: u8 = 6;
    pub(crate) const PUBCOMP: u8 = 7;
    pub(crate) const SUBSCRIBE: u8 = 8;
    pub(crate) const SUBACK: u8 = 9;
    pub(crate) const UNSUBSCRIBE: u8 = 10;
    pub(crate) const UNSUBACK: u8 = 11;
    pub(crate) const PINGRESP: u8 = 13;
    pub(crate) const DISCONNECT: u8 = 14;
    pub(crate) const AUTH: u8 = 15;
}

/// A packet that lies complete at the front of the input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) first: u8,
    /// Bytes of the fixed header.
    pub(crate) header: usize,
    /// Bytes of the whole packet.
    pub(crate) total: usize,
    /// Whether the remaining length takes no more bytes than it needs.
    pub(crate) minimal: bool,
}

impl Frame {
    pub(crate) fn kind(self) -> u8 {
        self.first >> 4
    }

    /// The body's bytes in `input`.
    pub(crate) fn body(self, input: &[u8]) -> &[u8] {
        input.get(self.header..self.total).unwrap_or_default()
    }
}

/// Finds the packet at the front of `input`; `None` while it is incomplete. Refuses one larger
/// than `max` bytes as soon as its length is known.
pub(crate) fn next(
    input: &[u8],
    max: usize,
    version: Version,
) -> Result<Option<Frame>, ProtocolError> {
    let Some((first, rest)) = input.split_first() else { return Ok(None) };
    let (remaining, length, minimal) = match variable_byte_integer(rest) {
        VariableByteInteger::Value { value, length, minimal } => (value, length, minimal),
        VariableByteInteger::Incomplete => return Ok(None),
        VariableByteInteger::TooLong => {
            return Err(ProtocolError::malformed(
                by_version(version, "MQTT-2.2.3", "MQTT5-1.5.5-1"),
                "the remaining length is encoded in more than four bytes",
            ));
        }
    };
    let header = 1 + length;
    let total = header + usize::try_from(remaining).unwrap_or(usize::MAX - header);
    if total > max {
        return Err(ProtocolError::new(
            by_version(version, LIMIT, "MQTT5-3.2.2-15"),
            Code::PacketTooLarge,
            format!("the packet has {total} bytes; at most {max} are accepted"),
        ));
    }
    let frame = Frame { first: *first, header, total, minimal };
    Ok((input.len() >= total).then_some(frame))
}

/// MQTT 5 wants the remaining length in the fewest bytes; 3.1.1 has no such clause.
pub(crate) fn check_minimal(frame: Frame, version: Version) -> Result<(), ProtocolError> {
    if version == Version::V5 && !frame.minimal {
        return Err(ProtocolError::malformed(
            "MQTT5-1.5.5-1",
            "the remaining length is encoded in more bytes than it needs",
        ));
    }
    Ok(())
}

/// Checks type and flags of a packet that follows the CONNECT.
pub(crate) fn check_first(first: u8, version: Version) -> Result<(), ProtocolError> {
    let kind = first >> 4;
    if kind == kind::PUBLISH {
        return check_publish_flags(first, version);
    }
    if kind == 0 || (kind == kind::AUTH && version == Version::V311) {
        let reason = format!("packet type {kind} is reserved");
        return Err(ProtocolError::malformed(unreadable(version), reason));
    }
    let wanted = match kind {
        kind::PUBREL | kind::SUBSCRIBE | kind::UNSUBSCRIBE => 2,
        _ => 0,
    };
    if first & 0x0f != wanted {
        let clause = match (version, kind) {
            (Version::V311, kind::PUBREL) => "MQTT-3.6.1-1",
            (Version::V311, kind::SUBSCRIBE) => "MQTT-3.8.1-1",
            (Version::V311, kind::UNSUBSCRIBE) => "MQTT-3.10.1-1",
            (Version::V311, kind::DISCONNECT) => "MQTT-3.14.1-1",
            (Version::V311, _) => "MQTT-2.2.2-2",
            (Version::V5, kind::PUBREL) => "MQTT5-3.6.1-1",
            (Version::V5, kind::SUBSCRIBE) => "MQTT5-3.8.1-1",
            (Version::V5, kind::UNSUBSCRIBE) => "MQTT5-3.10.1-1",
            (Version::V5, kind::DISCONNECT) => "MQTT5-3.14.1-1",
            (Version::V5, kind::AUTH) => "MQTT5-3.15.1-1",
            (Version::V5, _) => "MQTT5-2.1.3-1",
        };
        let found = first & 0x0f;
        return Err(ProtocolError::malformed(
            clause,
            format!("the flags of packet type {kind} are {found:#06b}; they must be {wanted:#06b}"),
        ));
    }
    check_direction(kind, version)
}

fn check_publish_flags(first: u8, version: Version) -> Result<(), ProtocolError> {
    match (first >> 1) & 3 {
        3 => Err(ProtocolError::malformed(
            by_version(version, "MQTT-3.3.1-4", "MQTT5-3.3.1-4"),
            "a PUBLISH has QoS 3; QoS is 0 or 1",
        )),
        0 if first & 8 != 0 => Err(ProtocolError::malformed(
            by_version(version, "MQTT-3.3.1-2", "MQTT5-3.3.1-2"),
            "a PUBLISH with QoS 0 has DUP set",
        )),
        _ => Ok(()),
    }
}

/// A client does not send everything that can be read.
fn check_direction(kind: u8, version: Version) -> Result<(), ProtocolError> {
    let (clause, reason) = match kind {
        kind::CONNECT => (by_version(version, "MQTT-3.1.0-2", "MQTT5-3.1.0-2"), "a second CONNECT"),
        kind::CONNACK | kind::SUBACK | kind::UNSUBACK | kind::PINGRESP => (
            by_version(version, "MQTT-4.8.0-1", "MQTT5-4.13.1-1"),
            "a packet that only a server sends",
        ),
        kind::PUBREC | kind::PUBREL | kind::PUBCOMP => (
            by_version(version, "MQTT-4.8.0-1", "MQTT5-4.13.1-1"),
            "a packet of the QoS 2 flow; this server offers QoS 0 and 1",
        ),
        kind::AUTH => (
            "MQTT5-4.12.0-7",
            "an AUTH packet, though no Authentication Method was agreed in CONNECT",
        ),
        _ => return Ok(()),
    };
    Err(ProtocolError::protocol(clause, reason))
}
