//! A whole connection: a CONNECT, then structured packets mixed with frames of arbitrary bytes,
//! in pieces of arbitrary size, while the server side answers and delivers.
#![no_main]

use std::sync::Arc;

use arbitrary::Arbitrary;
use bytes::{Bytes, BytesMut};
use fleetwright_mqtt::{
    Accept, Delivery, Event, Limits, Opened, Opening, PubAckCode, Qos, SubAckCode,
};
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input {
    five: bool,
    clean: bool,
    keep_alive: u16,
    connect_properties: Vec<Property>,
    client_id: String,
    packets: Vec<Packet>,
    piece: u8,
}

#[derive(Debug, Arbitrary)]
enum Packet {
    Publish { flags: u8, topic: String, id: u16, properties: Vec<Property>, payload: Vec<u8> },
    Subscribe { id: u16, properties: Vec<Property>, filters: Vec<(String, u8)> },
    Unsubscribe { id: u16, properties: Vec<Property>, filters: Vec<String> },
    PubAck { id: u16, reason: Option<u8>, properties: Vec<Property> },
    Disconnect { reason: u8, properties: Vec<Property> },
    Ping,
    Frame { first: u8, body: Vec<u8> },
    Raw(Vec<u8>),
    /// Not a packet: the server delivers a message.
    Deliver { topic: String, payload: Vec<u8>, at_least_once: bool },
}

#[derive(Debug, Arbitrary)]
enum Property {
    Byte(u8, u8),
    Short(u8, u16),
    Long(u8, u32),
    Text(u8, String),
    Pair(String, String),
    Alias(u8),
    Raw(Vec<u8>),
}

fn text(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let length = bytes.len().min(usize::from(u16::MAX));
    out.extend((length as u16).to_be_bytes());
    out.extend(&bytes[..length]);
}

fn length(out: &mut Vec<u8>, mut value: usize) {
    loop {
        let digit = (value % 128) as u8;
        value /= 128;
        out.push(if value > 0 { digit | 0x80 } else { digit });
        if value == 0 {
            return;
        }
    }
}

fn properties(out: &mut Vec<u8>, five: bool, list: &[Property]) {
    if !five {
        return;
    }
    let mut body = Vec::new();
    for property in list {
        match property {
            Property::Byte(id, value) => body.extend([*id, *value]),
            Property::Short(id, value) => {
                body.push(*id);
                body.extend(value.to_be_bytes());
            }
            Property::Long(id, value) => {
                body.push(*id);
                body.extend(value.to_be_bytes());
            }
            Property::Text(id, value) => {
                body.push(*id);
                text(&mut body, value);
            }
            Property::Pair(name, value) => {
                body.push(0x26);
                text(&mut body, name);
                text(&mut body, value);
            }
            Property::Alias(value) => body.extend([0x23, 0, *value]),
            Property::Raw(bytes) => body.extend(bytes),
        }
    }
    length(out, body.len());
    out.extend(body);
}

fn frame(out: &mut Vec<u8>, first: u8, body: &[u8]) {
    out.push(first);
    length(out, body.len());
    out.extend(body);
}

fn encode(packet: &Packet, five: bool, out: &mut Vec<u8>) {
    let mut body = Vec::new();
    match packet {
        Packet::Publish { flags, topic, id, properties: list, payload } => {
            text(&mut body, topic);
            if flags & 0b110 != 0 {
                body.extend(id.to_be_bytes());
            }
            properties(&mut body, five, list);
            body.extend(payload);
            frame(out, 0x30 | (flags & 0x0f), &body);
        }
        Packet::Subscribe { id, properties: list, filters } => {
            body.extend(id.to_be_bytes());
            properties(&mut body, five, list);
            for (filter, options) in filters {
                text(&mut body, filter);
                body.push(*options);
            }
            frame(out, 0x82, &body);
        }
        Packet::Unsubscribe { id, properties: list, filters } => {
            body.extend(id.to_be_bytes());
            properties(&mut body, five, list);
            filters.iter().for_each(|filter| text(&mut body, filter));
            frame(out, 0xa2, &body);
        }
        Packet::PubAck { id, reason, properties: list } => {
            body.extend(id.to_be_bytes());
            if let Some(reason) = reason {
                body.push(*reason);
                properties(&mut body, five, list);
            }
            frame(out, 0x40, &body);
        }
        Packet::Disconnect { reason, properties: list } => {
            if five {
                body.push(*reason);
                properties(&mut body, five, list);
            }
            frame(out, 0xe0, &body);
        }
        Packet::Ping => frame(out, 0xc0, &[]),
        Packet::Frame { first, body } => frame(out, *first, body),
        Packet::Raw(bytes) => out.extend(bytes),
        Packet::Deliver { .. } => {}
    }
}

fuzz_target!(|input: Input| {
    let limits = Arc::new(Limits::default());
    let mut connect = Vec::new();
    text(&mut connect, "MQTT");
    connect.extend([if input.five { 5 } else { 4 }, u8::from(input.clean) << 1]);
    connect.extend(input.keep_alive.to_be_bytes());
    properties(&mut connect, input.five, &input.connect_properties);
    text(&mut connect, &input.client_id);
    let mut bytes = Vec::new();
    frame(&mut bytes, 0x10, &connect);
    let mut buffer = BytesMut::from(&bytes[..]);
    let Opened::Connect(request) = Opening::new(Arc::clone(&limits)).receive(&mut buffer) else {
        return;
    };
    let mut session = request.accept(Accept::default(), 0);
    let mut now = 0;
    for packet in &input.packets {
        if let Packet::Deliver { topic, payload, at_least_once } = packet {
            let qos = if *at_least_once { Qos::AtLeastOnce } else { Qos::AtMostOnce };
            let delivery = Delivery {
                token: 1,
                topic: topic.as_str().into(),
                payload: Bytes::copy_from_slice(payload),
                qos,
                retain: false,
                message_expiry: None,
                properties: None,
            };
            session.deliver(&delivery, now);
            continue;
        }
        let mut bytes = Vec::new();
        encode(packet, input.five, &mut bytes);
        for piece in bytes.chunks(usize::from(input.piece).max(1)) {
            buffer.extend_from_slice(piece);
            now += 1;
            while let Some(event) = session.receive(&mut buffer, now) {
                match event {
                    Event::Publish(publish) => {
                        if let Some(id) = publish.id {
                            session.acknowledge(id, PubAckCode::Success, Some("because"));
                        }
                    }
                    Event::Subscribe(subscribe) => {
                        let codes = vec![SubAckCode::GrantedQos1; subscribe.filters.len()];
                        session.subscribed(subscribe.receipt, &codes, None);
                    }
                    Event::Unsubscribe(unsubscribe) => {
                        session.unsubscribed(unsubscribe.receipt, &[], None);
                    }
                    _ => {}
                }
            }
            assert!(session.output().len() <= 2 * limits.output_bytes + 2 * limits.packet_bytes);
            session.output().clear();
        }
        if session.end().is_some() {
            return;
        }
    }
    session.tick(now + 10_000_000);
});
