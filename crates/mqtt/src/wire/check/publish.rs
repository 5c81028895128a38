//! The rules of PUBLISH (section 3.3).

use super::message::{check_message, topic_fault};
use crate::filter::validate_topic;
use crate::limits::Limits;
use crate::reason::Version;
use crate::wire::fault::{Code, Fault, LIMIT, by_version, unreadable};
use crate::wire::property::{self, Place, Properties};
use crate::wire::reader::Reader;

/// Facts of a PUBLISH that the codec does not keep.
#[derive(Debug, Default)]
pub(crate) struct PublishFacts {
    pub(crate) payload_format: Option<u8>,
    /// Offset in the body of a Message Expiry Interval of 0, which the codec refuses.
    pub(crate) zero_expiry_at: Option<usize>,
    /// A PUBLISH that can be read, but is not acceptable: MQTT 5 may say so in a PUBACK.
    pub(crate) refused: Option<Fault>,
}

/// Checks a PUBLISH whose first byte is in order.
pub(crate) fn publish(
    first: u8,
    body: &[u8],
    version: Version,
    limits: &Limits,
) -> Result<PublishFacts, Fault> {
    let mut reader = Reader::new(body, version, unreadable(version));
    let topic = reader.text("the topic")?;
    if first & 6 != 0 {
        reader.packet_id()?;
    }
    let found = match version {
        Version::V5 => property::read(&mut reader, Place::Publish)?,
        Version::V311 => Properties::default(),
    };
    check_offered(first, version, limits)?;
    if found.subscription_id.is_some() {
        return Err(Fault::protocol(
            "MQTT5-3.3.4-6",
            "a client's PUBLISH has a Subscription Identifier",
        ));
    }
    check_alias(topic, found.topic_alias, version, limits)?;
    let payload = reader.remaining();
    if payload.len() > limits.payload_bytes {
        let (bytes, most) = (payload.len(), limits.payload_bytes);
        let reason = format!("the payload has {bytes} bytes; at most {most} are accepted");
        return Err(Fault::new(LIMIT, Code::QuotaExceeded, reason));
    }
    let mut refused = None;
    if !(topic.is_empty() && found.topic_alias.is_some())
        && let Err(fault) = validate_topic(topic, limits)
    {
        let known = topic_fault(fault, topic, version);
        if !fault.is_limit() {
            return Err(known);
        }
        refused = Some(known);
    }
    if let Err(fault) = check_message(&found, payload, limits) {
        if fault.code == Code::Protocol {
            return Err(fault);
        }
        refused = refused.or(Some(fault));
    }
    Ok(PublishFacts {
        payload_format: found.payload_format,
        zero_expiry_at: found.message_expiry.and_then(|(value, at)| (value == 0).then_some(at)),
        refused,
    })
}

fn check_offered(first: u8, version: Version, limits: &Limits) -> Result<(), Fault> {
    if first & 6 == 4 {
        return Err(Fault::new(
            by_version(version, LIMIT, "MQTT5-3.2.2-11"),
            Code::QosNotSupported,
            "a PUBLISH has QoS 2; this server offers QoS 0 and 1",
        ));
    }
    if first & 1 != 0 && !limits.retain_available {
        return Err(Fault::new(
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
) -> Result<(), Fault> {
    match alias {
        Some(alias) if alias > limits.topic_aliases => Err(Fault::new(
            "MQTT5-3.3.2-9",
            Code::TopicAliasInvalid,
            format!("Topic Alias {alias} is above the maximum of {}", limits.topic_aliases),
        )),
        None if topic.is_empty() && version == Version::V5 => Err(Fault::protocol(
            "MQTT5-3.3.2.3.4",
            "a PUBLISH has neither a topic nor a Topic Alias",
        )),
        _ => Ok(()),
    }
}
