//! Every bound of a session, with its unit.

/// The bounds and offers of every session of a listener; share one in an `Arc`.
/// `Default` is AWS IoT Core's (General Reference, quotas page, 2025) where AWS has a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a CONNECT packet, fixed header counted. AWS: 128 KB.
    pub connect_bytes: usize,
    /// Bytes of any other packet, fixed header counted; announced as Maximum Packet Size.
    /// AWS: 146 KB.
    pub packet_bytes: usize,
    /// Bytes of a PUBLISH or will payload. AWS: 128 KB.
    pub payload_bytes: usize,
    /// Least Maximum Packet Size that a client may ask for, bytes. AWS: 512.
    pub client_packet_bytes_min: u32,
    /// Bytes of a client id. AWS: 128.
    pub client_id_bytes: usize,
    /// Bytes of a topic or filter, `$aws/rules/{rule}/` and `$share/{name}/` not counted.
    /// AWS: 256.
    pub topic_bytes: usize,
    /// Slashes of a topic or filter, `$share/{name}/` not counted; `$aws/` topics are exempt.
    /// AWS: 7.
    pub topic_slashes: usize,
    /// Characters of a share name. AWS: 128.
    pub share_name_chars: usize,
    /// Filters of one SUBSCRIBE; the surplus is refused in the SUBACK. AWS: 8.
    pub filters_per_subscribe: usize,
    /// Subscriptions of one connection; held by the caller, who keeps the subscriptions.
    /// AWS: 50.
    pub subscriptions: usize,
    /// QoS 1 messages of the client that wait for this side's PUBACK; announced as Receive
    /// Maximum. A 0, which MQTT does not know, counts as 1. AWS: 100.
    pub inbound_inflight: u16,
    /// QoS 1 messages that wait for the client's PUBACK, at most; the client's Receive Maximum
    /// lowers it. AWS: 100.
    pub outbound_inflight: u16,
    /// Bytes of the QoS 1 messages queued behind the outbound window, by
    /// [`Delivery::cost`](crate::Delivery::cost). A choice of ours.
    pub outbound_queue_bytes: usize,
    /// Milliseconds after which a QoS 1 message without PUBACK is sent again, with DUP, on an open
    /// connection of MQTT 3.1.1. MQTT 5 forbids that [MQTT5-4.4.0-1]. AWS sends again, after how
    /// long is not published.
    pub resend_after: u64,
    /// Whether the same is done for MQTT 5, as AWS does against the standard.
    pub resend_v5: bool,
    /// Milliseconds after which such a message is given up. AWS: one hour.
    pub resend_for: u64,
    /// Bytes of output not yet taken by the caller above which the session reads no further
    /// packet and sends no further message. A choice of ours.
    pub output_bytes: usize,
    /// Topic aliases that a client may set; announced. AWS: 8.
    pub topic_aliases: u16,
    /// Bytes of a content type. AWS: 256.
    pub content_type_bytes: usize,
    /// Bytes of correlation data. AWS: 8 KB.
    pub correlation_data_bytes: usize,
    /// Bytes of all user properties of one packet. AWS: 8 KB.
    pub user_properties_bytes: usize,
    /// Longest Message Expiry Interval, seconds; larger ones are lowered to it. AWS: 604,800.
    pub message_expiry_max: u32,
    /// Shortest keep-alive, seconds; shorter ones are raised to it. AWS: 30.
    pub keep_alive_min: u16,
    /// Longest keep-alive, seconds; longer ones, and none, become it. AWS: 1,200.
    pub keep_alive_max: u16,
    /// Whether RETAIN is allowed; announced as Retain Available.
    pub retain_available: bool,
    /// Whether `$share/…` is allowed; announced as Shared Subscription Available.
    pub shared_subscriptions: bool,
    /// CONNACK return code of MQTT 3.1.1 for a refused authorization: 5, the standard's, or 7,
    /// which AWS's guide of 2022 names.
    pub not_authorized_v311: u8,
}

impl Limits {
    /// Bytes of a topic. AWS: quotas page "AWS IoT Core message broker".
    pub const TOPIC_BYTES: usize = 256;
    /// Bytes of a Content Type. AWS, same page.
    pub const CONTENT_TYPE_BYTES: usize = 256;
    /// Bytes of Correlation Data. AWS, same page.
    pub const CORRELATION_DATA_BYTES: usize = 8 * 1024;
    /// Seconds of a Message Expiry Interval. AWS, same page: seven days.
    pub const MESSAGE_EXPIRY_SECONDS: u32 = 604_800;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect_bytes: 128 * 1024,
            packet_bytes: 149_504,
            payload_bytes: 128 * 1024,
            client_packet_bytes_min: 512,
            client_id_bytes: 128,
            topic_bytes: Self::TOPIC_BYTES,
            topic_slashes: 7,
            share_name_chars: 128,
            filters_per_subscribe: 8,
            subscriptions: 50,
            inbound_inflight: 100,
            outbound_inflight: 100,
            outbound_queue_bytes: 4 * 1024 * 1024,
            resend_after: 30_000,
            resend_v5: false,
            resend_for: 3_600_000,
            output_bytes: 128 * 1024,
            topic_aliases: 8,
            content_type_bytes: Self::CONTENT_TYPE_BYTES,
            correlation_data_bytes: Self::CORRELATION_DATA_BYTES,
            user_properties_bytes: 8 * 1024,
            message_expiry_max: Self::MESSAGE_EXPIRY_SECONDS,
            keep_alive_min: 30,
            keep_alive_max: 1200,
            retain_available: true,
            shared_subscriptions: true,
            not_authorized_v311: 5,
        }
    }
}

impl Limits {
    /// The client's QoS 1 messages that may wait for a PUBACK.
    pub(crate) fn receive_maximum(&self) -> u16 {
        self.inbound_inflight.max(1)
    }

    /// The keep-alive in force, seconds, for the one that a client asked for.
    pub fn keep_alive(&self, asked: u16) -> u16 {
        match asked {
            0 => self.keep_alive_max,
            // Not `clamp`, which panics where a configuration has the bounds crossed.
            _ => asked.max(self.keep_alive_min).min(self.keep_alive_max),
        }
    }
}
