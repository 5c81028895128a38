//! The codec crate behind our names. Nothing of it leaves this file.
//!
//! Every packet has passed the checks of this room when it comes here, so a refusal of the codec
//! is a disagreement: it is reported as a malformed packet, never trusted away.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use bytestring::ByteString;
use rmqtt_codec::{types, v3, v5};
use tokio_util::codec::Decoder;

use super::fault::{Fault, unreadable};
use crate::connect::Will;
use crate::event::{PublishProperties, RetainHandling};
use crate::reason::{Qos, Version};

/// A CONNECT as read; texts are copies, so that the input buffer is free again.
pub(crate) struct Connect {
    pub(crate) client_id: String,
    pub(crate) clean_start: bool,
    pub(crate) keep_alive: u16,
    pub(crate) session_expiry: u32,
    pub(crate) will: Option<Will>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Bytes>,
    pub(crate) packet_bytes: u32,
    pub(crate) receive_max: u16,
    pub(crate) problem_information: bool,
}

/// A packet that follows CONNECT and carries more than the checks have kept.
pub(crate) enum Packet {
    Publish(Box<Publish>),
    /// Filter and options per subscription.
    Subscribe(u16, Vec<(ByteString, Options)>),
    Unsubscribe(u16, Vec<ByteString>),
    /// Fully read by the checks.
    Other,
}

/// A PUBLISH with its alias unresolved. QoS 2 does not come this far.
pub(crate) struct Publish {
    pub(crate) topic: ByteString,
    pub(crate) payload: Bytes,
    pub(crate) packet_id: Option<u16>,
    pub(crate) retain: bool,
    pub(crate) dup: bool,
    pub(crate) alias: Option<u16>,
    pub(crate) message_expiry: Option<u32>,
    pub(crate) properties: PublishProperties,
}

pub(crate) struct Options {
    pub(crate) qos: Qos,
    pub(crate) no_local: bool,
    pub(crate) retain_as_published: bool,
    pub(crate) retain_handling: RetainHandling,
}

/// Takes the CONNECT, which lies complete at the front, off `input`.
pub(crate) fn connect(input: &mut BytesMut, version: Version) -> Result<Connect, Fault> {
    match version {
        Version::V311 => match v3::Codec::default().decode(input) {
            Ok(Some((v3::Packet::Connect(packet), _))) => Ok(connect_v311(*packet)),
            other => Err(disagreement(version, &other)),
        },
        Version::V5 => match v5::Codec::default().decode(input) {
            Ok(Some((v5::Packet::Connect(packet), _))) => Ok(connect_v5(*packet)),
            other => Err(disagreement(version, &other)),
        },
    }
}

/// Takes the packet, which lies complete at the front, off `input`.
pub(crate) fn packet(input: &mut BytesMut, version: Version) -> Result<Packet, Fault> {
    match version {
        Version::V311 => match v3::Codec::default().decode(input) {
            Ok(Some((packet, _))) => Ok(packet_v311(packet)),
            other => Err(disagreement(version, &other)),
        },
        Version::V5 => match v5::Codec::default().decode(input) {
            Ok(Some((packet, _))) => Ok(packet_v5(packet)),
            other => Err(disagreement(version, &other)),
        },
    }
}

fn disagreement<T>(version: Version, result: &Result<T, rmqtt_codec::error::DecodeError>) -> Fault {
    let reason = match result {
        Err(error) => format!("the packet cannot be decoded: {error}"),
        Ok(_) => "the packet cannot be decoded".to_owned(),
    };
    Fault::malformed(unreadable(version), reason)
}

fn connect_v311(packet: v3::Connect) -> Connect {
    Connect {
        client_id: packet.client_id.to_string(),
        clean_start: packet.clean_session,
        keep_alive: packet.keep_alive,
        session_expiry: if packet.clean_session { 0 } else { u32::MAX },
        will: packet.last_will.map(|will| Will {
            topic: copy_text(&will.topic),
            payload: Bytes::copy_from_slice(&will.message),
            qos: qos(will.qos),
            retain: will.retain,
            message_expiry: None,
            delay: 0,
            properties: None,
        }),
        username: packet.username.map(|name| name.to_string()),
        password: packet.password.map(|password| Bytes::copy_from_slice(&password)),
        packet_bytes: u32::MAX,
        receive_max: u16::MAX,
        problem_information: false,
    }
}

fn connect_v5(packet: v5::Connect) -> Connect {
    Connect {
        client_id: packet.client_id.to_string(),
        clean_start: packet.clean_start,
        keep_alive: packet.keep_alive,
        session_expiry: packet.session_expiry_interval_secs,
        will: packet.last_will.map(will_v5),
        username: packet.username.map(|name| name.to_string()),
        password: packet.password.map(|password| Bytes::copy_from_slice(&password)),
        packet_bytes: packet.max_packet_size.map_or(u32::MAX, u32::from),
        receive_max: packet.receive_max.map_or(u16::MAX, u16::from),
        problem_information: packet.request_problem_info,
    }
}

fn will_v5(will: v5::LastWill) -> Will {
    let properties = PublishProperties {
        payload_is_utf8: will.is_utf8_payload,
        content_type: will.content_type.as_ref().map(copy_text),
        response_topic: will.response_topic.as_ref().map(copy_text),
        correlation_data: will.correlation_data.as_deref().map(Bytes::copy_from_slice),
        user_properties: will
            .user_properties
            .iter()
            .map(|(name, value)| (copy_text(name), copy_text(value)))
            .collect(),
    };
    Will {
        topic: copy_text(&will.topic),
        payload: Bytes::copy_from_slice(&will.message),
        qos: qos(will.qos),
        retain: will.retain,
        message_expiry: will.message_expiry_interval.map(u32::from),
        delay: will.will_delay_interval_sec.unwrap_or(0),
        properties: shared(properties),
    }
}

fn packet_v311(packet: v3::Packet) -> Packet {
    match packet {
        v3::Packet::Publish(publish) => Packet::Publish(Box::new(self::publish(*publish))),
        v3::Packet::Subscribe { packet_id, topic_filters } => Packet::Subscribe(
            packet_id.get(),
            topic_filters
                .into_iter()
                .map(|(filter, asked)| {
                    let options = Options {
                        qos: qos(asked),
                        no_local: false,
                        retain_as_published: false,
                        retain_handling: RetainHandling::AtSubscribe,
                    };
                    (filter, options)
                })
                .collect(),
        ),
        v3::Packet::Unsubscribe { packet_id, topic_filters } => {
            Packet::Unsubscribe(packet_id.get(), topic_filters)
        }
        _ => Packet::Other,
    }
}

fn packet_v5(packet: v5::Packet) -> Packet {
    match packet {
        v5::Packet::Publish(publish) => Packet::Publish(Box::new(self::publish(*publish))),
        v5::Packet::Subscribe(packet) => Packet::Subscribe(
            packet.packet_id.get(),
            packet
                .topic_filters
                .into_iter()
                .map(|(filter, asked)| {
                    let options = Options {
                        qos: qos(asked.qos),
                        no_local: asked.no_local,
                        retain_as_published: asked.retain_as_published,
                        retain_handling: match asked.retain_handling {
                            v5::RetainHandling::AtSubscribe => RetainHandling::AtSubscribe,
                            v5::RetainHandling::AtSubscribeNew => RetainHandling::AtSubscribeIfNew,
                            v5::RetainHandling::NoAtSubscribe => RetainHandling::Never,
                        },
                    };
                    (filter, options)
                })
                .collect(),
        ),
        v5::Packet::Unsubscribe(packet) => {
            Packet::Unsubscribe(packet.packet_id.get(), packet.topic_filters)
        }
        _ => Packet::Other,
    }
}

fn publish(packet: types::Publish) -> Publish {
    let found = packet.properties.unwrap_or_default();
    Publish {
        topic: packet.topic,
        payload: packet.payload,
        packet_id: packet.packet_id.map(u16::from),
        retain: packet.retain,
        dup: packet.dup,
        alias: found.topic_alias.map(u16::from),
        message_expiry: found.message_expiry_interval.map(u32::from),
        properties: PublishProperties {
            payload_is_utf8: None,
            content_type: found.content_type,
            response_topic: found.response_topic,
            correlation_data: found.correlation_data,
            user_properties: found.user_properties,
        },
    }
}

/// SUBSCRIBE's QoS 2 is granted as QoS 1; nothing else of QoS 2 comes this far.
fn qos(qos: types::QoS) -> Qos {
    match qos {
        types::QoS::AtMostOnce => Qos::AtMostOnce,
        types::QoS::AtLeastOnce | types::QoS::ExactlyOnce => Qos::AtLeastOnce,
    }
}

fn copy_text(text: &ByteString) -> ByteString {
    ByteString::from(text.to_string())
}

/// Properties worth forwarding, or `None`.
pub(crate) fn shared(properties: PublishProperties) -> Option<Arc<PublishProperties>> {
    (properties != PublishProperties::default()).then(|| Arc::new(properties))
}
