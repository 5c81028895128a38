//! Packets of a client, read and held against the standard's rules, clause by clause.

pub(crate) mod connect;
mod message;
mod publish;
mod subscribe;

pub(crate) use connect::connect;
pub(crate) use publish::{Publish, publish};
pub(crate) use subscribe::{subscribe, unsubscribe};

use super::error::{ProtocolError, by_version, unreadable};
use super::property::{self, PropertyContext};
use super::reader::Reader;
use crate::reason::Version;

/// Reads a PUBACK: packet id and code.
pub(crate) fn puback(body: &[u8], version: Version) -> Result<(u16, u8), ProtocolError> {
    let mut reader = Reader::new(body, version, unreadable(version));
    let id = reader.packet_id()?;
    if version == Version::V311 || reader.is_empty() {
        reader.end("the PUBACK")?;
        return Ok((id, 0));
    }
    let code = reader.byte("the reason code")?;
    if !matches!(code, 0 | 16 | 128 | 131 | 135 | 144 | 145 | 151 | 153) {
        let reason = format!("{code} is no reason code of PUBACK");
        return Err(ProtocolError::malformed("MQTT5-3.4.2-1", reason));
    }
    if !reader.is_empty() {
        property::read(&mut reader, PropertyContext::PubAck)?;
    }
    reader.end("the PUBACK")?;
    Ok((id, code))
}

/// Reads a PINGREQ.
pub(crate) fn pingreq(body: &[u8], version: Version) -> Result<(), ProtocolError> {
    Reader::new(body, version, by_version(version, "MQTT-3.12.1", "MQTT5-3.12.1")).end("a PINGREQ")
}

/// What a DISCONNECT says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Disconnect {
    pub(crate) code: u8,
    pub(crate) session_expiry: Option<u32>,
}

/// Reads a DISCONNECT.
pub(crate) fn disconnect(
    body: &[u8],
    version: Version,
    connected_without_expiry: bool,
) -> Result<Disconnect, ProtocolError> {
    let mut reader = Reader::new(body, version, unreadable(version));
    if version == Version::V311 || reader.is_empty() {
        reader.end("the DISCONNECT")?;
        return Ok(Disconnect::default());
    }
    let code = reader.byte("the reason code")?;
    match code {
        0 | 4 | 128..=131 | 144 | 147..=153 => {}
        135 | 137 | 139 | 141 | 142 | 143 | 154..=162 => {
            let reason = format!("only a server sends reason code {code} in DISCONNECT");
            return Err(ProtocolError::protocol("MQTT5-3.14.2-1", reason));
        }
        _ => {
            let reason = format!("{code} is no reason code of DISCONNECT");
            return Err(ProtocolError::malformed("MQTT5-3.14.2-1", reason));
        }
    }
    let mut disconnect = Disconnect { code, session_expiry: None };
    if !reader.is_empty() {
        let found = property::read(&mut reader, PropertyContext::Disconnect)?;
        disconnect.session_expiry = found.session_expiry;
    }
    reader.end("the DISCONNECT")?;
    if connected_without_expiry && disconnect.session_expiry.is_some_and(|seconds| seconds != 0) {
        return Err(ProtocolError::protocol(
            "MQTT5-3.14.2.2.2",
            "DISCONNECT sets a Session Expiry Interval, CONNECT had none",
        ));
    }
    Ok(disconnect)
}
