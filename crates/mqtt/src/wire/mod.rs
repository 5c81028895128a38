//! Bytes to packets and back.

pub(crate) mod encode;
pub(crate) mod error;
pub(crate) mod frame;
mod property;
pub(crate) mod read;
mod reader;

use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use error::{Code, ProtocolError};
use frame::kind;
use read::connect::{ProtocolLevel, client_id, protocol_level};

use crate::connect::{ClientLimits, Farewell, Opened};
use crate::limits::Limits;
use crate::reason::Version;

/// Reads the CONNECT at the front of `input`.
pub(crate) fn connect(input: &mut BytesMut, limits: &Arc<Limits>) -> Opened {
    let frame = match first_frame(input, limits) {
        Ok(Some(frame)) => frame,
        Ok(None) => return Opened::NeedMore,
        // No version is known yet, so there are no words to refuse in.
        Err(error) => return Opened::Refused(error.into_farewell(Bytes::new())),
    };
    let version = match protocol_level(frame.body(input)) {
        ProtocolLevel::Version(version) => version,
        ProtocolLevel::Other(version) => return other_version(version, limits),
        ProtocolLevel::Nothing => {
            let error = ProtocolError::new(
                "MQTT-3.1.2-1",
                Code::UnsupportedProtocolVersion,
                "the protocol name is not 'MQTT'; this server speaks MQTT 3.1.1 and 5",
            );
            return Opened::Refused(error.into_farewell(Bytes::new()));
        }
    };
    let mut client = ClientLimits { max: u32::MAX, reasons: true };
    let request = frame::check_minimal(frame, version)
        .and_then(|()| read::connect(frame.body(input), version, limits, &mut client));
    match request {
        Ok(request) => {
            input.advance(frame.total);
            Opened::Connect(Box::new(request))
        }
        Err(error) => {
            let client_id = client_id(frame.body(input), version);
            Opened::Refused(Farewell { client_id, ..farewell(error, version, limits, client) })
        }
    }
}

fn first_frame(input: &[u8], limits: &Limits) -> Result<Option<frame::Frame>, ProtocolError> {
    match input.first() {
        Some(first) if first >> 4 != kind::CONNECT => {
            let found = first >> 4;
            let reason = format!("the first packet is of type {found}; it must be a CONNECT");
            return Err(ProtocolError::protocol("MQTT-3.1.0-1", reason));
        }
        Some(first) if first & 0x0f != 0 => {
            return Err(ProtocolError::malformed(
                "MQTT-2.2.2-2",
                "the flags of a CONNECT are not 0",
            ));
        }
        _ => {}
    }
    frame::next(input, limits.connect_bytes, Version::V311)
}

fn other_version(version: Version, limits: &Limits) -> Opened {
    let error = ProtocolError::new(
        "MQTT-3.1.2-2",
        Code::UnsupportedProtocolVersion,
        "this server speaks MQTT 3.1.1 and 5",
    );
    let client = ClientLimits { max: u32::MAX, reasons: true };
    Opened::Refused(farewell(error, version, limits, client))
}

/// MQTT 5 is sent the reason. MQTT 3.1.1 has words for some refusals only; for a packet that cannot be
/// read the standard wants silence [MQTT-3.1.4-1].
fn farewell(
    error: ProtocolError,
    version: Version,
    limits: &Limits,
    client: ClientLimits,
) -> Farewell {
    let told = version == Version::V5
        || matches!(
            error.code,
            Code::UnsupportedProtocolVersion
                | Code::IdentifierRejected
                | Code::TopicNameInvalid
                | Code::QosNotSupported
                | Code::RetainNotSupported
        );
    let mut bytes = BytesMut::new();
    if told {
        let (code, v311) = (error.code.connack(), limits.not_authorized_v311);
        encode::connect_refusal(&mut bytes, version, code, &error.reason, client, v311);
    }
    error.into_farewell(bytes.freeze())
}
