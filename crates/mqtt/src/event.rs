//! What a session tells its caller.

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use crate::reason::{DisconnectCode, PubAckCode, Qos, SubAckCode};

/// What the client, or time, did to a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A message for others. QoS 1 is answered by [`Session::acknowledge`](crate::Session).
    Publish(Publish),
    /// A QoS 1 PUBLISH of MQTT 5 beyond a limit: the session has refused it in a PUBACK, with
    /// the violation's code, and stays open. For the log.
    PublishRefused(Violation),
    /// A SUBSCRIBE, to be answered by [`Session::subscribed`](crate::Session).
    Subscribe(Subscribe),
    /// An UNSUBSCRIBE, to be answered by [`Session::unsubscribed`](crate::Session).
    Unsubscribe(Unsubscribe),
    /// The client acknowledged a QoS 1 message.
    Delivered {
        /// [`Delivery::token`](crate::Delivery) of that message.
        token: u64,
        /// The PUBACK's code; 128 and more say that the client refused the message.
        code: u8,
    },
    /// The session has ended; [`Session::end`](crate::Session) says so from now on.
    Ended(End),
}

/// Why a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The client sent DISCONNECT. Its will is kept for [`Session::take_will`](crate::Session) only
    /// if it is to be published.
    Disconnect {
        /// Whether the will is to be published (MQTT 5, any code but 0).
        with_will: bool,
        /// The DISCONNECT's code; 0 in MQTT 3.1.1.
        code: u8,
        /// The Session Expiry Interval, seconds, where the DISCONNECT changes it.
        session_expiry: Option<u32>,
    },
    /// Nothing was received for one and a half keep-alives.
    KeepAlive,
    /// The client broke the standard or a limit.
    Violation(Violation),
    /// The caller refused a PUBLISH of MQTT 3.1.1, which has no PUBACK that could say so.
    Refused(PubAckCode),
    /// The caller ended it.
    Server(DisconnectCode),
}

/// A broken rule: the clause, the code sent, and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The clause, `MQTT-…` for 3.1.1 and `MQTT5-…` for 5, or `limit` for a limit of ours.
    pub clause: &'static str,
    /// The code sent in MQTT 5's DISCONNECT (or PUBACK); 3.1.1 closes without a word.
    pub code: DisconnectCode,
    /// What was wrong, which rule, and what to do.
    pub reason: String,
}

/// Names a QoS 1 PUBLISH of the client until it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PubId(pub(crate) u32);

/// A message that the client published. Topic, payload and properties are views into the input
/// buffer: copy what is to be kept for long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The topic, checked by [`filter::validate_topic`](crate::filter::validate_topic); an
    /// alias has been resolved.
    pub topic: ByteString,
    /// The payload.
    pub payload: Bytes,
    /// The quality of service.
    pub qos: Qos,
    /// Whether the message is to be retained.
    pub retain: bool,
    /// Whether the client says that it sent the message before.
    pub dup: bool,
    /// Message Expiry Interval, seconds, 1 to
    /// [`Limits::message_expiry_max`](crate::Limits::message_expiry_max).
    pub message_expiry: Option<u32>,
    /// The properties to be forwarded unchanged; `None` when there are none.
    pub properties: Option<Arc<PublishProperties>>,
    /// To acknowledge it by: `Some` exactly with QoS 1.
    pub id: Option<PubId>,
}

/// The properties of a message that a server forwards unchanged.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PublishProperties {
    /// Payload Format Indicator: `Some(true)` for UTF-8 text.
    pub payload_is_utf8: Option<bool>,
    /// Content Type.
    pub content_type: Option<ByteString>,
    /// Response Topic, free of wildcards.
    pub response_topic: Option<ByteString>,
    /// Correlation Data.
    pub correlation_data: Option<Bytes>,
    /// User Properties in the order of the packet.
    pub user_properties: Vec<(ByteString, ByteString)>,
}

impl PublishProperties {
    /// A copy that is no view of the input buffer.
    pub fn detached(&self) -> Self {
        let text = |text: &ByteString| ByteString::from(text.to_string());
        let pairs = self.user_properties.iter();
        Self {
            payload_is_utf8: self.payload_is_utf8,
            content_type: self.content_type.as_ref().map(text),
            response_topic: self.response_topic.as_ref().map(text),
            correlation_data: self.correlation_data.as_deref().map(Bytes::copy_from_slice),
            user_properties: pairs.map(|(name, value)| (text(name), text(value))).collect(),
        }
    }

    /// Bytes that the properties take in memory.
    pub fn bytes(&self) -> usize {
        let text = |text: &Option<ByteString>| text.as_ref().map_or(0, |text| text.len());
        let pairs = self.user_properties.iter();
        size_of::<Self>()
            + text(&self.content_type)
            + text(&self.response_topic)
            + self.correlation_data.as_ref().map_or(0, Bytes::len)
            + pairs.map(|pair| size_of_val(pair) + pair.0.len() + pair.1.len()).sum::<usize>()
    }
}

/// A SUBSCRIBE with the filters that are in order; those that are not are refused in the SUBACK
/// by the session itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// The filters, in the order of the packet.
    pub filters: Vec<SubscribeFilter>,
    /// To be handed to [`Session::subscribed`](crate::Session).
    pub receipt: SubscribeReceipt,
}

/// One filter of a SUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribeFilter {
    /// The whole filter as sent, with `$share/{name}/` if shared: the resource of a policy.
    pub filter: Box<str>,
    /// The share name of a shared subscription.
    pub share: Option<Box<str>>,
    /// The QoS to be granted at most; QoS 2 has been lowered to 1.
    pub qos: Qos,
    /// No Local (MQTT 5).
    pub no_local: bool,
    /// Retain As Published (MQTT 5).
    pub retain_as_published: bool,
    /// Retain Handling (MQTT 5).
    pub retain_handling: RetainHandling,
}

impl SubscribeFilter {
    /// The filter that topics are matched with: without `$share/{name}/`.
    pub fn matched_filter(&self) -> &str {
        match &self.share {
            Some(share) => self.filter.get("$share/".len() + share.len() + 1..).unwrap_or_default(),
            None => &self.filter,
        }
    }
}

/// When retained messages are sent for a new subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RetainHandling {
    /// At every SUBSCRIBE; always so in MQTT 3.1.1.
    #[default]
    AtSubscribe,
    /// Only if the subscription is new.
    AtSubscribeIfNew,
    /// Never.
    Never,
}

/// The right to answer one SUBSCRIBE once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubscribeReceipt {
    pub(crate) packet_id: u16,
    /// One entry per filter of the packet: the refusal, or `None` for the caller's to decide.
    pub(crate) preset: Vec<Option<SubAckCode>>,
}

/// An UNSUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// The filters as sent, with `$share/{name}/` if shared, in the order of the packet.
    pub filters: Vec<Box<str>>,
    /// To be handed to [`Session::unsubscribed`](crate::Session).
    pub receipt: UnsubscribeReceipt,
}

/// The right to answer one UNSUBSCRIBE once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsubscribeReceipt {
    pub(crate) packet_id: u16,
    pub(crate) filters: usize,
}
