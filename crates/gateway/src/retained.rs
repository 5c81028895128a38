//! Retained messages: kept in the registry, sent to who subscribes to exactly their topic
//! (AWS: guide, "MQTT retained messages").

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;
use fleetwright_mqtt::{Delivery, PublishProperties, Qos};
use fleetwright_store::{CertificateRow, RetainedMessage, RetainedProperties, Store};

use super::topics::{Message, Ordinary, Parts};

/// Keeps an authorized message with RETAIN, durable when this returns; an empty payload removes what
/// is kept. Does nothing without RETAIN. `by` is the certificate of the connection, if one
/// published it.
///
/// # Errors
/// When there are too many, the certificate is no longer `ACTIVE`, or the registry cannot write.
pub(super) async fn keep<M: Message>(
    store: &Store,
    message: &Authorized<Ordinary<M>>,
    by: Option<CertificateRow>,
) -> Result<(), Refusal> {
    let Parts { topic, payload, qos, retain, message_expiry, properties } =
        message.get().get().parts();
    let now = clock::now();
    if !retain {
        return Ok(());
    }
    if payload.is_empty() {
        return Ok(store.forget_retained(topic, by, now).await?);
    }
    let message = RetainedMessage {
        topic: topic.to_string(),
        payload: payload.to_vec(),
        qos: u32::from(qos == Qos::AtLeastOnce),
        modified: now,
        until: message_expiry.map(|seconds| now.plus_millis(i64::from(seconds) * 1000)),
        properties: properties.map(|properties| kept(properties)),
    };
    Ok(store.retain(message, by).await?)
}

/// What is kept of a topic, for a subscription of this QoS.
///
/// # Errors
/// When the registry cannot be read.
pub(super) async fn find(
    store: &Store,
    topic: &str,
    granted: Qos,
) -> Result<Option<Delivery>, Refusal> {
    let now = clock::now();
    let found = store.retained(topic, now).await?;
    Ok(found.map(|message| delivery(message, granted, now)))
}

/// Whether retained messages are sent for a filter: only one without wildcards has them.
pub(super) fn has_retained(filter: &str) -> bool {
    !filter.starts_with('$') && !filter.contains(['+', '#'])
}

fn delivery(message: RetainedMessage, granted: Qos, now: Timestamp) -> Delivery {
    let published = if message.qos == 0 { Qos::AtMostOnce } else { Qos::AtLeastOnce };
    let left = message.until.map(|until| until.0.saturating_sub(now.0) / 1000);
    Delivery {
        token: 0,
        topic: ByteString::from(message.topic),
        payload: Bytes::from(message.payload),
        qos: published.min(granted),
        retain: true,
        message_expiry: left.map(|seconds| u32::try_from(seconds).unwrap_or_default()),
        properties: message.properties.map(|properties| Arc::new(sent(properties))),
    }
}

pub(super) fn kept(properties: &PublishProperties) -> RetainedProperties {
    RetainedProperties {
        payload_is_utf8: properties.payload_is_utf8,
        content_type: properties.content_type.as_ref().map(ToString::to_string),
        response_topic: properties.response_topic.as_ref().map(ToString::to_string),
        correlation_data: properties.correlation_data.as_ref().map(|data| data.to_vec()),
        user_properties: properties
            .user_properties
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
    }
}

pub(super) fn sent(properties: RetainedProperties) -> PublishProperties {
    PublishProperties {
        payload_is_utf8: properties.payload_is_utf8,
        content_type: properties.content_type.map(ByteString::from),
        response_topic: properties.response_topic.map(ByteString::from),
        correlation_data: properties.correlation_data.map(Bytes::from),
        user_properties: properties
            .user_properties
            .into_iter()
            .map(|(name, value)| (ByteString::from(name), ByteString::from(value)))
            .collect(),
    }
}
