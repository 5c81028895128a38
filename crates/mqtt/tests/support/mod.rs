//! A client's side of the wire, for tests.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod strategies;

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use fleetwright_mqtt::{
    Accept, ConnectRequest, Delivery, Limits, Opened, Opening, Qos, Session, Version,
};

/// The bytes of one packet.
pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    length(&mut bytes, body.len());
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn length(bytes: &mut Vec<u8>, mut value: usize) {
    loop {
        let more = if value > 0x7f { 0x80 } else { 0 };
        bytes.push((value & 0x7f) as u8 | more);
        value >>= 7;
        if value == 0 {
            return;
        }
    }
}

pub(crate) fn text(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.extend_from_slice(&(text.len() as u16).to_be_bytes());
    bytes.extend_from_slice(text);
}

/// A PUBLISH of QoS 1 with an id, else of QoS 0; `properties` for MQTT 5.
pub(crate) fn publish(
    version: Version,
    topic: &str,
    id: Option<u16>,
    properties: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, topic.as_bytes());
    body.extend(id.iter().flat_map(|id| id.to_be_bytes()));
    if version == Version::V5 {
        length(&mut body, properties.len());
        body.extend_from_slice(properties);
    }
    body.extend_from_slice(payload);
    packet(if id.is_some() { 0x32 } else { 0x30 }, &body)
}

pub(crate) fn puback(id: u16) -> Vec<u8> {
    packet(0x40, &id.to_be_bytes())
}

/// A CONNECT of client `c`.
pub(crate) fn connect_bytes(
    version: Version,
    clean: bool,
    keep_alive: u16,
    properties: &[u8],
    will: Option<(&str, &[u8])>,
) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, b"MQTT");
    body.push(if version == Version::V5 { 5 } else { 4 });
    body.push(u8::from(clean) << 1 | if will.is_some() { 0x0c } else { 0 });
    body.extend_from_slice(&keep_alive.to_be_bytes());
    if version == Version::V5 {
        length(&mut body, properties.len());
        body.extend_from_slice(properties);
    }
    text(&mut body, b"c");
    if let Some((topic, payload)) = will {
        if version == Version::V5 {
            body.push(0);
        }
        text(&mut body, topic.as_bytes());
        text(&mut body, payload);
    }
    packet(0x10, &body)
}

pub(crate) fn request(bytes: &[u8], limits: Limits) -> ConnectRequest {
    let mut input = BytesMut::from(bytes);
    match Opening::new(Arc::new(limits)).receive(&mut input) {
        Opened::Connect(request) => *request,
        other => panic!("{other:?}"),
    }
}

/// A session at time 0, its CONNACK taken.
pub(crate) fn session(version: Version) -> Session {
    session_with(version, true, &[], Limits::default())
}

pub(crate) fn session_with(
    version: Version,
    clean: bool,
    properties: &[u8],
    limits: Limits,
) -> Session {
    let request = request(&connect_bytes(version, clean, 60, properties, None), limits);
    let session_expiry = request.session_expiry;
    let mut session = request.accept(Accept { session_expiry, ..Accept::default() }, 0);
    session.output().clear();
    session
}

/// What lies in the output, taken.
pub(crate) fn taken(session: &mut Session) -> Vec<u8> {
    session.output().split().to_vec()
}

pub(crate) fn delivery(token: u64, qos: Qos, payload: &'static [u8]) -> Delivery {
    Delivery {
        token,
        topic: "t".into(),
        payload: Bytes::from_static(payload),
        qos,
        retain: false,
        message_expiry: None,
        properties: None,
    }
}
