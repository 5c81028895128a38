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
    /// The queue behind the outbound window is full.
    QueueFull,
    /// QoS 0 while the client does not read what was sent.
    SlowConsumer,
    /// The session is closed.
    Closed,
}
