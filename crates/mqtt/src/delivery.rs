//! A message on its way to the client.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::event::PublishProperties;
use crate::reason::Qos;

/// A message for the client. All of it is shared: a clone copies no text and no payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The caller's name for the message; comes back in
    /// [`Event::Delivered`](crate::Event::Delivered).
    pub token: u64,
    /// The topic.
    pub topic: ByteString,
    /// The payload.
    pub payload: Bytes,
    /// The quality of service: the lower of the message's and the subscription's.
    pub qos: Qos,
    /// The RETAIN flag of this copy.
    pub retain: bool,
    /// Message Expiry Interval that remains, seconds. The time that the message waits in the
    /// session is taken off; a message that expires there is dropped.
    pub message_expiry: Option<u32>,
    /// The properties, left out for MQTT 3.1.1.
    pub properties: Option<Arc<PublishProperties>>,
}

impl Delivery {
    /// What a message that waits takes beside its topic, payload and properties, bytes: its place
    /// in a queue and what the allocator adds.
    pub const OVERHEAD: usize = 160;

    /// Bytes that this copy counts while it waits: as if it shared nothing with other copies.
    pub fn cost(&self) -> usize {
        let properties = self.properties.as_deref().map_or(0, PublishProperties::bytes);
        Self::OVERHEAD + self.topic.len() + self.payload.len() + properties
    }

    /// The message after it waited for so many milliseconds; `None` once it has expired
    /// [MQTT5-3.3.2-5].
    pub fn aged(mut self, waited: u64) -> Option<Self> {
        if let Some(seconds) = self.message_expiry {
            let left = (u64::from(seconds) * 1000).checked_sub(waited).filter(|left| *left > 0)?;
            self.message_expiry = Some(u32::try_from(left / 1000).unwrap_or(u32::MAX));
        }
        Some(self)
    }
}

/// What became of a [`Delivery`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivered {
    /// In the output. QoS 1 ends with [`Event::Delivered`](crate::Event::Delivered).
    Sent,
    /// Waits for a place in the outbound window, or for output to be taken.
    Queued,
    /// Not sent, and forgotten.
    Dropped(Dropped),
}

/// Why a message was not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dropped {
    /// Its packet would be larger than the client's Maximum Packet Size.
    TooLarge,
    /// The queue behind the outbound window is full, in bytes.
    QueueFull,
    /// QoS 0 while the client does not read what was sent.
    SlowConsumer,
    /// The session is closed.
    Closed,
}
