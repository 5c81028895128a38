//! PUBLISH: measured first, then written straight from the shared message.

use bytes::{BufMut, Bytes, BytesMut};

use super::put::{
    packet_bytes, put_binary, put_text, put_variable_byte_integer, variable_byte_integer_bytes,
};
use crate::delivery::Delivery;
use crate::event::PublishProperties;
use crate::reason::{Qos, Version};
use crate::wire::frame::kind;

/// The size of a message's packet, for [`publish`].
pub(crate) struct Size {
    properties: usize,
    remaining: usize,
    /// Bytes of the packet.
    pub(crate) total: usize,
}

/// Measures a message.
pub(crate) fn measure(delivery: &Delivery, version: Version) -> Size {
    let id = if delivery.qos == Qos::AtLeastOnce { 2 } else { 0 };
    let mut remaining = 2 + delivery.topic.len() + id + delivery.payload.len();
    let mut properties = 0;
    if version == Version::V5 {
        properties = delivery.message_expiry.map_or(0, |_| 5)
            + delivery.properties.as_deref().map_or(0, properties_bytes);
        remaining += variable_byte_integer_bytes(properties) + properties;
    }
    Size { properties, remaining, total: packet_bytes(remaining) }
}

/// The QoS 1 flow that a PUBLISH belongs to.
pub(crate) struct Flow {
    pub(crate) packet_id: u16,
    /// Whether the message was sent before, on this connection.
    pub(crate) dup: bool,
}

/// A PUBLISH, with the flow that it belongs to if it has QoS 1.
pub(crate) fn publish(
    out: &mut BytesMut,
    delivery: &Delivery,
    version: Version,
    flow: Option<Flow>,
    size: &Size,
) {
    out.reserve(size.total);
    let dup = flow.as_ref().is_some_and(|flow| flow.dup);
    let flags = u8::from(dup) << 3 | (delivery.qos as u8) << 1 | u8::from(delivery.retain);
    out.put_u8(kind::PUBLISH << 4 | flags);
    put_variable_byte_integer(out, size.remaining);
    put_text(out, &delivery.topic);
    if let Some(flow) = flow {
        out.put_u16(flow.packet_id);
    }
    if version == Version::V5 {
        put_variable_byte_integer(out, size.properties);
        if let Some(seconds) = delivery.message_expiry {
            out.put_u8(0x02);
            out.put_u32(seconds);
        }
        if let Some(properties) = delivery.properties.as_deref() {
            put_properties(out, properties);
        }
    }
    out.put_slice(&delivery.payload);
}

fn properties_bytes(properties: &PublishProperties) -> usize {
    let text = |text: &Option<bytestring::ByteString>| text.as_ref().map_or(0, |t| 3 + t.len());
    properties.payload_is_utf8.map_or(0, |_| 2)
        + text(&properties.content_type)
        + text(&properties.response_topic)
        + properties.correlation_data.as_ref().map_or(0, |data| 3 + data.len())
        + properties
            .user_properties
            .iter()
            .map(|(name, value)| 5 + name.len() + value.len())
            .sum::<usize>()
}

fn put_properties(out: &mut BytesMut, properties: &PublishProperties) {
    if let Some(utf8) = properties.payload_is_utf8 {
        out.put_slice(&[0x01, u8::from(utf8)]);
    }
    if let Some(content_type) = &properties.content_type {
        out.put_u8(0x03);
        put_text(out, content_type);
    }
    if let Some(topic) = &properties.response_topic {
        out.put_u8(0x08);
        put_text(out, topic);
    }
    if let Some(data) = &properties.correlation_data {
        out.put_u8(0x09);
        put_binary(out, data);
    }
    for (name, value) in &properties.user_properties {
        out.put_u8(0x26);
        put_text(out, name);
        put_text(out, value);
    }
}

/// Whether every text and datum of a message fits its two-byte length, and the packet its
/// four-byte one: true of all that came by MQTT, and asked of what a caller made itself.
pub(crate) fn encodable(delivery: &Delivery, size: &Size) -> bool {
    let fits = |bytes: &[u8]| bytes.len() <= usize::from(u16::MAX);
    let texts = delivery.properties.as_deref().is_none_or(|properties| {
        properties.content_type.as_ref().is_none_or(|text| fits(text.as_bytes()))
            && properties.response_topic.as_ref().is_none_or(|text| fits(text.as_bytes()))
            && properties.correlation_data.as_ref().is_none_or(|data: &Bytes| fits(data))
            && properties
                .user_properties
                .iter()
                .all(|(name, value)| fits(name.as_bytes()) && fits(value.as_bytes()))
    });
    texts && fits(delivery.topic.as_bytes()) && size.remaining < 0x1000_0000
}
