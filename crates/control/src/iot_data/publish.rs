//! `Publish`: a message to its subscribers; with `retain` also stored.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use bytestring::ByteString;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::{PAYLOAD_BYTES, USER_PROPERTIES_BYTES};
use fleetwright_host::random;
use fleetwright_mqtt::{Limits, Publish, PublishProperties, Qos};
use serde_json::{Value, json};

use super::topic;
use crate::Control;
use crate::error::{ApiError, ErrorKind};
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[operation!("Publish", publish)];

async fn publish(control: &Control, call: &Authorized<Call>) -> Outcome {
    let device = call.get().context.device.as_ref();
    let by = device.map(|device| (device.certificate, device.row));
    (control.publish)(control.store.clone(), call.derive(message)?, by).await?;
    let trace_id = random::uuid()?.to_string();
    Ok(Answer::json(json!({ "message": "OK", "traceId": trace_id })))
}

/// The message of a request.
fn message(call: &Call) -> Result<Publish, ApiError> {
    message_to(call, ByteString::from(topic(call)?))
}

/// The message of a request, to a topic that is valid.
pub(super) fn message_to(call: &Call, topic: ByteString) -> Result<Publish, ApiError> {
    if call.body.len() > PAYLOAD_BYTES {
        return Err(ApiError::new(
            ErrorKind::RequestEntityTooLarge,
            format!("The payload has {} bytes; the limit is {PAYLOAD_BYTES}.", call.body.len()),
        ));
    }
    let qos = match call.query_integer("qos", 0..=1)? {
        Some(1) => Qos::AtLeastOnce,
        _ => Qos::AtMostOnce,
    };
    let expiry = call.query_integer("messageExpiry", 1..=Limits::MESSAGE_EXPIRY_SECONDS.into())?;
    let properties = properties(call)?;
    Ok(Publish {
        topic,
        payload: call.body.clone(),
        qos,
        retain: call.query_flag("retain")?,
        dup: false,
        message_expiry: expiry.and_then(|seconds| u32::try_from(seconds).ok()),
        properties: (properties != PublishProperties::default()).then(|| Arc::new(properties)),
        id: None,
    })
}

fn properties(call: &Call) -> Result<PublishProperties, Refusal> {
    let bounded = |name: &str, max: usize| match call.query_text(name)? {
        Some(text) if text.len() > max => {
            Err(invalid(format!("The query parameter '{name}' is longer than {max} bytes.")))
        }
        text => Ok(text.map(ByteString::from)),
    };
    let response_topic = bounded("responseTopic", Limits::TOPIC_BYTES)?;
    if response_topic.as_ref().is_some_and(|topic| topic.contains(['+', '#'])) {
        return Err(invalid("The query parameter 'responseTopic' must not have wildcards."));
    }
    let payload_is_utf8 = match call.optional_header("x-amz-mqtt5-payload-format-indicator")? {
        None => None,
        Some("UTF8_DATA") => Some(true),
        Some("UNSPECIFIED_BYTES") => Some(false),
        Some(_) => {
            let rule = "The payload format indicator must be UNSPECIFIED_BYTES or UTF8_DATA.";
            return Err(invalid(rule));
        }
    };
    Ok(PublishProperties {
        payload_is_utf8,
        content_type: bounded("contentType", Limits::CONTENT_TYPE_BYTES)?,
        response_topic,
        correlation_data: base64(
            call,
            "x-amz-mqtt5-correlation-data",
            Limits::CORRELATION_DATA_BYTES,
        )?
        .map(Bytes::from),
        user_properties: match base64(call, "x-amz-mqtt5-user-properties", USER_PROPERTIES_BYTES)? {
            Some(text) => user_properties(&text)?,
            None => Vec::new(),
        },
    })
}

fn base64(call: &Call, name: &'static str, max: usize) -> Result<Option<Vec<u8>>, Refusal> {
    let Some(text) = call.optional_header(name)? else { return Ok(None) };
    match STANDARD.decode(text) {
        Ok(bytes) if bytes.len() <= max => Ok(Some(bytes)),
        _ => Err(invalid(format!("The header '{name}' must be Base64 of at most {max} bytes."))),
    }
}

/// An array of objects with one pair each; also as a JSON text of it, which SDKs make of a text.
fn user_properties(text: &[u8]) -> Result<Vec<(ByteString, ByteString)>, Refusal> {
    let malformed = || {
        invalid("The user properties must be a JSON array of objects with one name and text each.")
    };
    let mut read: Value = serde_json::from_slice(text).map_err(|_| malformed())?;
    if let Value::String(inner) = &read {
        read = serde_json::from_str(inner).map_err(|_| malformed())?;
    }
    let Value::Array(items) = read else { return Err(malformed()) };
    items
        .into_iter()
        .map(|item| match item {
            Value::Object(pair) if pair.len() == 1 => pair
                .into_iter()
                .find_map(|(name, value)| Some((name.into(), value.as_str()?.into())))
                .ok_or_else(malformed),
            _ => Err(malformed()),
        })
        .collect()
}
