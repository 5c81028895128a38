//! Messages, and how they are delivered.

/// MQTT quality of service. The interface has no QoS 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum QoS {
    /// 0: sent once, not acknowledged.
    AtMostOnce,
    /// 1: acknowledged.
    AtLeastOnce,
}

/// A message that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Where it was published.
    pub topic: String,
    /// What was published: any bytes.
    pub payload: Vec<u8>,
    /// 0 or 1.
    pub qos: u8,
    /// Whether it was a retained message, sent because of a new subscription.
    pub retain: bool,
}
