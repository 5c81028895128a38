//! The rules that a will and a PUBLISH share.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::event::PublishProperties;
use crate::filter::TopicError;
use crate::limits::Limits;
use crate::reason::Version;
use crate::wire::error::{Code, LIMIT, ProtocolError, by_version};
use crate::wire::property::Properties;

pub(super) fn check_user_properties(
    found: &Properties<'_>,
    limits: &Limits,
) -> Result<(), ProtocolError> {
    if found.user_bytes > limits.user_properties_bytes {
        let (bytes, most) = (found.user_bytes, limits.user_properties_bytes);
        let reason = format!("the user properties have {bytes} bytes; at most {most} are accepted");
        return Err(ProtocolError::new(LIMIT, Code::QuotaExceeded, reason));
    }
    Ok(())
}

/// Checks properties and payload.
pub(super) fn check_message(
    found: &Properties<'_>,
    payload: &[u8],
    limits: &Limits,
) -> Result<(), ProtocolError> {
    if found.response_topic.is_some_and(|topic| topic.contains(['+', '#'])) {
        return Err(ProtocolError::protocol(
            "MQTT5-3.3.2-14",
            "the Response Topic holds a wildcard",
        ));
    }
    check_user_properties(found, limits)?;
    let (content_type, correlation_data) =
        (found.content_type.map_or(0, str::len), found.correlation_data.map_or(0, <[u8]>::len));
    for (name, bytes, most) in [
        ("Content Type", content_type, limits.content_type_bytes),
        ("Correlation Data", correlation_data, limits.correlation_data_bytes),
    ] {
        if bytes > most {
            let reason = format!("{name} has {bytes} bytes; at most {most} are accepted");
            return Err(ProtocolError::new(LIMIT, Code::QuotaExceeded, reason));
        }
    }
    if found.payload_format == Some(1) && std::str::from_utf8(payload).is_err() {
        return Err(ProtocolError::new(
            "MQTT5-3.3.2.3.2",
            Code::PayloadFormatInvalid,
            "the Payload Format Indicator says UTF-8, the payload is not",
        ));
    }
    Ok(())
}

/// Message Expiry Interval in force, seconds. AWS raises 0 to 1 (developer guide, MQTT 5 properties).
pub(super) fn message_expiry(found: &Properties<'_>, limits: &Limits) -> Option<u32> {
    found.message_expiry.map(|seconds| seconds.clamp(1, limits.message_expiry_max.max(1)))
}

/// The properties that are forwarded unchanged, by `text` and `bytes` either views or copies; `None`
/// when there are none.
pub(super) fn forwarded(
    found: &Properties<'_>,
    text: impl Fn(&str) -> ByteString,
    bytes: impl Fn(&[u8]) -> Bytes,
) -> Option<Arc<PublishProperties>> {
    let properties = PublishProperties {
        payload_is_utf8: found.payload_format.map(|value| value == 1),
        content_type: found.content_type.map(&text),
        response_topic: found.response_topic.map(&text),
        correlation_data: found.correlation_data.map(bytes),
        user_properties: found.user.iter().map(|(key, value)| (text(key), text(value))).collect(),
    };
    (properties != PublishProperties::default()).then(|| Arc::new(properties))
}

/// The error of a topic in the words of a version.
pub(super) fn topic_error(error: TopicError, topic: &str, version: Version) -> ProtocolError {
    let clause = match error {
        TopicError::Empty => by_version(version, "MQTT-4.7.3-1", "MQTT5-4.7.3-1"),
        TopicError::Wildcard => by_version(version, "MQTT-3.3.2-2", "MQTT5-3.3.2-2"),
        TopicError::Null => by_version(version, "MQTT-1.5.3-2", "MQTT5-1.5.4-2"),
        TopicError::TooLong | TopicError::TooManySlashes | TopicError::Disallowed => LIMIT,
    };
    let shown: String = topic.chars().take(64).collect();
    ProtocolError::new(clause, Code::TopicNameInvalid, format!("topic '{shown}': {error}"))
}
