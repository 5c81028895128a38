//! PUBLISH (section 3.3).

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use super::message::{check_message, forwarded, message_expiry, topic_error};
use crate::event::PublishProperties;
use crate::filter::validate_topic;
use crate::limits::Limits;
use crate::reason::Version;
use crate::wire::error::{Code, LIMIT, ProtocolError, by_version, unreadable};
use crate::wire::property::{self, Properties, PropertyContext};
use crate::wire::reader::Reader;

/// A PUBLISH of QoS 0 or 1, its alias unresolved. Topic, payload and properties are views of the
/// packet.
pub(crate) struct Publish {
    pub(crate) topic: ByteString,
    pub(crate) payload: Bytes,
    pub(crate) packet_id: Option<u16>,
    pub(crate) retain: bool,
    pub(crate) dup: bool,
    pub(crate) alias: Option<u16>,
    /// Seconds, within the limit.
    pub(crate) message_expiry: Option<u32>,
    pub(crate) properties: Option<Arc<PublishProperties>>,
    /// It can be read, but is not acceptable: MQTT 5 may say so in a PUBACK.
    pub(crate) refused: Option<ProtocolError>,
}

/// Reads a PUBLISH whose first byte is in order.
pub(crate) fn publish(
    first: u8,
    body: &Bytes,
    version: Version,
    limits: &Limits,
) -> Result<Publish, ProtocolError> {
    let mut reader = Reader::new(body, version, unreadable(version));
    let topic = reader.text("the topic")?;
    let packet_id = if first & 6 != 0 { Some(reader.packet_id()?) } else { None };
    let found = match version {
        Version::V5 => property::read(&mut reader, PropertyContext::Publish)?,
        Version::V311 => Properties::default(),
    };
    check_offered(first, version, limits)?;
    if found.subscription_id.is_some() {
        return Err(ProtocolError::protocol(
            "MQTT5-3.3.4-6",
            "a client's PUBLISH has a Subscription Identifier",
        ));
    }
    check_alias(topic, found.topic_alias, version, limits)?;
    let payload = reader.remaining();
    if payload.len() > limits.payload_bytes {
        let (bytes, most) = (payload.len(), limits.payload_bytes);
        let reason = format!("the payload has {bytes} bytes; at most {most} are accepted");
        return Err(ProtocolError::new(LIMIT, Code::QuotaExceeded, reason));
    }
    let mut refused = None;
    if !(topic.is_empty() && found.topic_alias.is_some())
        && let Err(error) = validate_topic(topic, limits)
    {
        let known = topic_error(error, topic, version);
        if !error.is_limit() {
            return Err(known);
        }
        refused = Some(known);
    }
    if let Err(error) = check_message(&found, payload, limits) {
        if error.code == Code::Protocol {
            return Err(error);
        }
        refused = refused.or(Some(error));
    }
    // What was read as UTF-8 a moment ago is UTF-8.
    let view =
        |text: &str| ByteString::try_from(body.slice_ref(text.as_bytes())).unwrap_or_default();
    Ok(Publish {
        topic: view(topic),
        payload: body.slice_ref(payload),
        packet_id,
        retain: first & 1 != 0,
        dup: first & 8 != 0,
        alias: found.topic_alias,
        message_expiry: message_expiry(&found, limits),
        properties: forwarded(&found, view, |bytes| body.slice_ref(bytes)),
        refused,
    })
}

fn check_offered(first: u8, version: Version, limits: &Limits) -> Result<(), ProtocolError> {
    if first & 6 == 4 {
        return Err(ProtocolError::new(
            by_version(version, LIMIT, "MQTT5-3.2.2-11"),
            Code::QosNotSupported,
            "a PUBLISH has QoS 2; this server offers QoS 0 and 1",
        ));
    }
    if first & 1 != 0 && !limits.retain_available {
        return Err(ProtocolError::new(
            by_version(version, LIMIT, "MQTT5-3.2.2-14"),
            Code::RetainNotSupported,
            "a PUBLISH is to be retained; this server does not retain",
        ));
    }
    Ok(())
}

fn check_alias(
    topic: &str,
    alias: Option<u16>,
    version: Version,
    limits: &Limits,
) -> Result<(), ProtocolError> {
    match alias {
        Some(alias) if alias > limits.topic_aliases => Err(ProtocolError::new(
            "MQTT5-3.3.2-9",
            Code::TopicAliasInvalid,
            format!("Topic Alias {alias} is above the maximum of {}", limits.topic_aliases),
        )),
        None if topic.is_empty() && version == Version::V5 => Err(ProtocolError::protocol(
            "MQTT5-3.3.2.3.4",
            "a PUBLISH has neither a topic nor a Topic Alias",
        )),
        _ => Ok(()),
    }
}
