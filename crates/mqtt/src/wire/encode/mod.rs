//! The packets that a server sends, both versions.
//!
//! Properties that have the standard's default are announced as AWS announces them; a message's
//! properties are not copied for its receivers.

mod publish;
mod put;

use bytes::{BufMut, BytesMut};
pub(crate) use publish::{Flow, encodable, measure, publish};
use put::{packet_bytes, put_packet, put_text, put_variable_byte_integer};

use super::frame::kind;
use crate::connect::ClientLimits;
use crate::limits::Limits;
use crate::reason::{
    ConnectRefusal, DisconnectCode, PubAckCode, SubAckCode, UnsubAckCode, Version,
};

/// Longest Reason String sent, bytes (ours).
const REASON_BYTES: usize = 1024;
const PINGRESP: [u8; 2] = [kind::PINGRESP << 4, 0];

/// What an accepting CONNACK announces beside the limits.
pub(crate) struct Announced<'a> {
    pub(crate) version: Version,
    pub(crate) session_present: bool,
    pub(crate) session_expiry: Option<u32>,
    pub(crate) assigned_client_id: Option<&'a str>,
    pub(crate) keep_alive: u16,
}

/// A CONNACK that accepts.
pub(crate) fn connack(out: &mut BytesMut, announced: &Announced<'_>, limits: &Limits) {
    if announced.version == Version::V311 {
        out.put_slice(&[kind::CONNACK << 4, 2, u8::from(announced.session_present), 0]);
        return;
    }
    let mut properties = Vec::with_capacity(48);
    if let Some(seconds) = announced.session_expiry {
        properties.put_u8(0x11);
        properties.put_u32(seconds);
    }
    properties.put_u8(0x21);
    properties.put_u16(limits.receive_maximum());
    properties.put_slice(&[0x24, 1]);
    properties.put_slice(&[0x25, u8::from(limits.retain_available)]);
    properties.put_u8(0x27);
    properties.put_u32(u32::try_from(limits.packet_bytes).unwrap_or(u32::MAX));
    if let Some(client_id) = announced.assigned_client_id {
        properties.put_u8(0x12);
        put_text(&mut properties, client_id);
    }
    properties.put_u8(0x22);
    properties.put_u16(limits.topic_aliases);
    properties.put_slice(&[0x28, 1, 0x29, 0, 0x2A, u8::from(limits.shared_subscriptions)]);
    properties.put_u8(0x13);
    properties.put_u16(announced.keep_alive);

    let mut body = Vec::with_capacity(properties.len() + 6);
    body.put_slice(&[u8::from(announced.session_present), 0]);
    put_variable_byte_integer(&mut body, properties.len());
    body.put_slice(&properties);
    put_packet(out, kind::CONNACK << 4, &body);
}

/// A CONNACK that refuses.
pub(crate) fn connect_refusal(
    out: &mut BytesMut,
    version: Version,
    refusal: ConnectRefusal,
    reason: &str,
    client: ClientLimits,
    not_authorized_v311: u8,
) {
    match version {
        Version::V311 => {
            let code = return_code(refusal, not_authorized_v311);
            out.put_slice(&[kind::CONNACK << 4, 2, 0, code]);
        }
        Version::V5 => {
            explained(out, kind::CONNACK << 4, &[0, refusal.code()], Some(reason), &[], client);
        }
    }
}

/// MQTT 3.1.1 has five refusals, of which 4 and 5 say who, and 3 says later.
fn return_code(refusal: ConnectRefusal, not_authorized: u8) -> u8 {
    use ConnectRefusal as C;
    match refusal {
        C::UnsupportedProtocolVersion => 1,
        C::IdentifierRejected => 2,
        C::BadUserNameOrPassword => 4,
        C::NotAuthorized
        | C::Banned
        | C::BadAuthenticationMethod
        | C::TopicNameInvalid
        | C::RetainNotSupported
        | C::QosNotSupported => not_authorized,
        _ => 3,
    }
}

/// A PUBACK.
pub(crate) fn puback(
    out: &mut BytesMut,
    version: Version,
    packet_id: u16,
    code: PubAckCode,
    reason: Option<&str>,
    client: ClientLimits,
) {
    let [high, low] = packet_id.to_be_bytes();
    if version == Version::V311 || (code == PubAckCode::Success && reason.is_none()) {
        out.put_slice(&[kind::PUBACK << 4, 2, high, low]);
    } else {
        explained(out, kind::PUBACK << 4, &[high, low, code.code()], reason, &[], client);
    }
}

/// A SUBACK with one code per filter.
pub(crate) fn suback(
    out: &mut BytesMut,
    version: Version,
    packet_id: u16,
    codes: impl Iterator<Item = SubAckCode>,
    reason: Option<&str>,
    client: ClientLimits,
) {
    let id = packet_id.to_be_bytes();
    let codes: Vec<u8> = match version {
        Version::V311 => codes.map(|code| code.code().min(0x80)).collect(),
        Version::V5 => codes.map(SubAckCode::code).collect(),
    };
    match version {
        Version::V311 => put_packet(out, kind::SUBACK << 4, &[&id[..], &codes].concat()),
        Version::V5 => explained(out, kind::SUBACK << 4, &id, reason, &codes, client),
    }
}

/// An UNSUBACK; MQTT 3.1.1 has no codes in it.
pub(crate) fn unsuback(
    out: &mut BytesMut,
    version: Version,
    packet_id: u16,
    codes: impl Iterator<Item = UnsubAckCode>,
    reason: Option<&str>,
    client: ClientLimits,
) {
    let id = packet_id.to_be_bytes();
    match version {
        Version::V311 => put_packet(out, kind::UNSUBACK << 4, &id),
        Version::V5 => {
            let codes: Vec<u8> = codes.map(UnsubAckCode::code).collect();
            explained(out, kind::UNSUBACK << 4, &id, reason, &codes, client);
        }
    }
}

/// A PINGRESP.
pub(crate) fn pingresp(out: &mut BytesMut) {
    out.put_slice(&PINGRESP);
}

/// A DISCONNECT; a server of MQTT 3.1.1 has none.
pub(crate) fn disconnect(
    out: &mut BytesMut,
    version: Version,
    code: DisconnectCode,
    reason: &str,
    client: ClientLimits,
) {
    if version == Version::V5 {
        explained(out, kind::DISCONNECT << 4, &[code.code()], Some(reason), &[], client);
    }
}

/// A packet of `head`, properties, and `tail`, whose only property is a Reason String. The
/// reason is left out where the client does not want it or has no room, the whole packet where
/// it does not fit without [MQTT5-3.1.2-24, MQTT5-3.1.2-29].
fn explained(
    out: &mut BytesMut,
    first: u8,
    head: &[u8],
    reason: Option<&str>,
    tail: &[u8],
    client: ClientLimits,
) {
    let reason = reason.filter(|reason| client.reasons && !reason.is_empty()).map(shortened);
    for reason in [reason, None] {
        let mut body = Vec::with_capacity(head.len() + tail.len() + 1);
        body.put_slice(head);
        match reason {
            Some(reason) => {
                put_variable_byte_integer(&mut body, 3 + reason.len());
                body.put_u8(0x1F);
                put_text(&mut body, reason);
            }
            None => body.put_u8(0),
        }
        body.put_slice(tail);
        if packet_bytes(body.len()) <= usize::try_from(client.max).unwrap_or(usize::MAX) {
            put_packet(out, first, &body);
            return;
        }
    }
}

fn shortened(reason: &str) -> &str {
    reason.get(..reason.floor_char_boundary(REASON_BYTES)).unwrap_or_default()
}
