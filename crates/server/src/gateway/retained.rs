//! Retained messages: kept in the registry, sent to whoever subscribes to exactly their topic
//! (AWS: guide, "MQTT retained messages").

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use fleetwright_core::certificate::Instant;
use fleetwright_core::error::Refusal;
use fleetwright_mqtt::{Delivery, Publish, PublishProperties, Qos, Will};
use fleetwright_store::{CertificateRow, RetainedMessage, RetainedProperties, Store};

use super::Gateway;
use super::authorize::Authorized;
use super::topics::Ordinary;
use crate::clock;

impl Gateway {
    /// Keeps an authorized publish with RETAIN, durable when this returns; an empty payload
    /// removes what is kept. Nothing without RETAIN. `by` is the certificate of the connection, if
    /// one published it.
    ///
    /// # Errors
    /// When there are too many, the certificate is no longer `ACTIVE`, or the registry cannot
    /// write.
    pub(super) async fn retain(
        &self,
        store: &Store,
        publish: &Authorized<Ordinary<Publish>>,
        by: Option<CertificateRow>,
    ) -> Result<(), Refusal> {
        let publish = publish.get().get();
        if !publish.retain {
            return Ok(());
        }
        let Publish { topic, payload, qos, message_expiry, properties, .. } = publish;
        keep(store, by, topic, payload, *qos, *message_expiry, properties.as_deref()).await
    }

    /// The same for a will.
    pub(super) async fn retain_will(
        &self,
        will: &Authorized<Ordinary<Will>>,
        by: CertificateRow,
    ) -> Result<(), Refusal> {
        let will = will.get().get();
        if !will.retain {
            return Ok(());
        }
        let Will { topic, payload, qos, message_expiry, properties, .. } = will;
        let properties = properties.as_deref();
        keep(&self.store, Some(by), topic, payload, *qos, *message_expiry, properties).await
    }

    /// What is kept of a topic, for a subscription of this QoS.
    pub(super) async fn retained(
        &self,
        topic: &str,
        granted: Qos,
    ) -> Result<Option<Delivery>, Refusal> {
        let now = clock::now();
        let found = self.store.retained(topic, now).await?;
        Ok(found.map(|message| delivery(message, granted, now)))
    }
}

async fn keep(
    store: &Store,
    by: Option<CertificateRow>,
    topic: &str,
    payload: &[u8],
    qos: Qos,
    message_expiry: Option<u32>,
    properties: Option<&PublishProperties>,
) -> Result<(), Refusal> {
    let now = clock::now();
    if payload.is_empty() {
        return Ok(store.forget_retained(topic, by, now).await?);
    }
    let message = RetainedMessage {
        topic: topic.to_owned(),
        payload: payload.to_vec(),
        qos: u32::from(qos == Qos::AtLeastOnce),
        modified: now,
        until: message_expiry.map(|seconds| now.plus_millis(i64::from(seconds) * 1000)),
        properties: properties.map(kept),
    };
    Ok(store.retain(message, by).await?)
}

/// Whether retained messages are sent for a filter: only one without wildcards has them.
pub(super) fn has_retained(filter: &str) -> bool {
    !filter.starts_with('$') && !filter.contains(['+', '#'])
}

fn delivery(message: RetainedMessage, granted: Qos, now: Instant) -> Delivery {
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

fn kept(properties: &PublishProperties) -> RetainedProperties {
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

fn sent(properties: RetainedProperties) -> PublishProperties {
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
