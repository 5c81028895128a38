//! The rules that a will and a PUBLISH share.

use crate::filter::TopicFault;
use crate::limits::Limits;
use crate::reason::Version;
use crate::wire::fault::{Code, Fault, LIMIT, by_version};
use crate::wire::property::Properties;

pub(super) fn check_user_properties(found: &Properties<'_>, limits: &Limits) -> Result<(), Fault> {
    if found.user_bytes > limits.user_properties_bytes {
        let (bytes, most) = (found.user_bytes, limits.user_properties_bytes);
        let reason = format!("the user properties have {bytes} bytes; at most {most} are accepted");
        return Err(Fault::new(LIMIT, Code::QuotaExceeded, reason));
    }
    Ok(())
}

/// Checks properties and payload.
pub(super) fn check_message(
    found: &Properties<'_>,
    payload: &[u8],
    limits: &Limits,
) -> Result<(), Fault> {
    if found.response_topic.is_some_and(|topic| topic.contains(['+', '#'])) {
        return Err(Fault::protocol("MQTT5-3.3.2-14", "the Response Topic holds a wildcard"));
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
            return Err(Fault::new(LIMIT, Code::QuotaExceeded, reason));
        }
    }
    if found.payload_format == Some(1) && std::str::from_utf8(payload).is_err() {
        return Err(Fault::new(
            "MQTT5-3.3.2.3.2",
            Code::PayloadFormatInvalid,
            "the Payload Format Indicator says UTF-8, the payload is not",
        ));
    }
    Ok(())
}

/// The fault of a topic in the words of a version.
pub(super) fn topic_fault(fault: TopicFault, topic: &str, version: Version) -> Fault {
    let clause = match fault {
        TopicFault::Empty => by_version(version, "MQTT-4.7.3-1", "MQTT5-4.7.3-1"),
        TopicFault::Wildcard => by_version(version, "MQTT-3.3.2-2", "MQTT5-3.3.2-2"),
        TopicFault::Null => by_version(version, "MQTT-1.5.3-2", "MQTT5-1.5.4-2"),
        TopicFault::TooLong | TopicFault::TooManySlashes | TopicFault::Disallowed => LIMIT,
    };
    let shown: String = topic.chars().take(64).collect();
    Fault::new(clause, Code::TopicNameInvalid, format!("topic '{shown}': {fault}"))
}
