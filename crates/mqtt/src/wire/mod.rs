//! Bytes to packets and back: strict checks of raw bytes, the codec, and the encoder.

pub(crate) mod check;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod fault;
pub(crate) mod frame;
mod property;
mod reader;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::connect::{ConnectRequest, Farewell, Opened};
use crate::limits::Limits;
use crate::reason::Version;
use check::connect::{self as check_connect, Spoken};
use encode::Room;
use fault::{Code, Fault};
use frame::kind;

/// Reads the CONNECT at the front of `input`.
pub(crate) fn connect(input: &mut BytesMut, limits: &Arc<Limits>) -> Opened {
    let frame = match first_frame(input, limits) {
        Ok(Some(frame)) => frame,
        Ok(None) => return Opened::NeedMore,
        // No version is known yet, so there are no words to refuse in.
        Err(fault) => return Opened::Refused(fault.into_farewell(Bytes::new())),
    };
    let version = match check_connect::spoken(frame.body(input)) {
        Spoken::Version(version) => version,
        Spoken::Other(version) => return other_version(version, limits),
        Spoken::Nothing => {
            let fault = Fault::new(
                "MQTT-3.1.2-1",
                Code::UnsupportedProtocolVersion,
                "the protocol name is not 'MQTT'; this server speaks MQTT 3.1.1 and 5",
            );
            return Opened::Refused(fault.into_farewell(Bytes::new()));
        }
    };
    let mut room = Room { max: u32::MAX, reasons: true };
    match read_connect(input, frame, version, limits, &mut room) {
        Ok(request) => Opened::Connect(Box::new(request)),
        Err(fault) => {
            let client_id = check_connect::client_id(frame.body(input), version);
            Opened::Refused(Farewell { client_id, ..farewell(fault, version, limits, room) })
        }
    }
}

fn first_frame(input: &[u8], limits: &Limits) -> Result<Option<frame::Frame>, Fault> {
    match input.first() {
        Some(first) if first >> 4 != kind::CONNECT => {
            let found = first >> 4;
            let reason = format!("the first packet is of type {found}; it must be a CONNECT");
            return Err(Fault::protocol("MQTT-3.1.0-1", reason));
        }
        Some(first) if first & 0x0f != 0 => {
            return Err(Fault::malformed("MQTT-2.2.2-2", "the flags of a CONNECT are not 0"));
        }
        _ => {}
    }
    frame::next(input, limits.connect_bytes, Version::V311)
}

fn other_version(version: Version, limits: &Limits) -> Opened {
    let fault = Fault::new(
        "MQTT-3.1.2-2",
        Code::UnsupportedProtocolVersion,
        "this server speaks MQTT 3.1.1 and 5",
    );
    let room = Room { max: u32::MAX, reasons: true };
    Opened::Refused(farewell(fault, version, limits, room))
}

fn read_connect(
    input: &mut BytesMut,
    frame: frame::Frame,
    version: Version,
    limits: &Arc<Limits>,
    room: &mut Room,
) -> Result<ConnectRequest, Fault> {
    frame::check_minimal(frame, version)?;
    let facts = check_connect::check(frame.body(input), version, limits, room)?;
    raise_zero_expiry(input, frame, facts.zero_expiry_at);
    // An id that is about to be assigned has no session to resume: Clean Start 0 means nothing
    // there, and the codec refuses it.
    if facts.assigns_id
        && let Some(flags) = input.get_mut(frame.header + check_connect::FLAGS_AT)
    {
        *flags |= check_connect::CLEAN_START;
    }
    let read = decode::connect(input, version)?;
    let mut will = read.will;
    if let Some(will) = &mut will {
        will.message_expiry = will.message_expiry.map(|age| age.min(limits.message_expiry_max));
    }
    Ok(ConnectRequest {
        version,
        client_id: read.client_id,
        clean_start: read.clean_start,
        keep_alive: read.keep_alive,
        session_expiry: read.session_expiry,
        will,
        username: read.username,
        password: read.password,
        limits: Arc::clone(limits),
        client_packet_bytes: read.packet_bytes,
        client_receive_max: read.receive_max.min(limits.outbound_inflight),
        problem_information: read.problem_information,
    })
}

/// AWS raises a Message Expiry Interval of 0 to 1 (developer guide, MQTT 5 properties), and the
/// codec refuses a 0, which the standard allows: so the 0 becomes 1 in the packet itself.
pub(crate) fn raise_zero_expiry(input: &mut BytesMut, frame: frame::Frame, at: Option<usize>) {
    let last = at.and_then(|at| input.get_mut(frame.header + at + 3));
    if let Some(last) = last {
        *last = 1;
    }
}

/// MQTT 5 is told why. MQTT 3.1.1 has words for some refusals only; for a packet that cannot be
/// read the standard wants silence [MQTT-3.1.4-1].
fn farewell(fault: Fault, version: Version, limits: &Limits, room: Room) -> Farewell {
    let told = version == Version::V5
        || matches!(
            fault.code,
            Code::UnsupportedProtocolVersion
                | Code::IdentifierRejected
                | Code::TopicNameInvalid
                | Code::QosNotSupported
                | Code::RetainNotSupported
        );
    let mut bytes = BytesMut::new();
    if told {
        let (code, v311) = (fault.code.connack(), limits.not_authorized_v311);
        encode::connect_refusal(&mut bytes, version, code, &fault.reason, room, v311);
    }
    fault.into_farewell(bytes.freeze())
}
