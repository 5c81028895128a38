//! A broken rule, before it is known how it is reported to the peer.

use crate::connect::Farewell;
use crate::event::Violation;
use crate::reason::{ConnectRefusal, DisconnectCode, Version};

/// The clause names a error that no clause of its own covers: a packet that cannot be read.
pub(crate) fn unreadable(version: Version) -> &'static str {
    by_version(version, "MQTT-4.8.0-1", "MQTT5-4.13.1-1")
}

/// The clause of the version that the connection speaks.
pub(crate) fn by_version(version: Version, v311: &'static str, v5: &'static str) -> &'static str {
    match version {
        Version::V311 => v311,
        Version::V5 => v5,
    }
}

/// The name of our own limits where a clause is asked for.
pub(crate) const LIMIT: &str = "limit";

/// A broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProtocolError {
    pub(crate) clause: &'static str,
    pub(crate) code: Code,
    pub(crate) reason: String,
}

/// The codes that broken rules ask for; the numbers are one list in MQTT 5.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    Malformed,
    Protocol,
    UnsupportedProtocolVersion,
    IdentifierRejected,
    BadAuthenticationMethod,
    TopicFilterInvalid,
    TopicNameInvalid,
    ReceiveMaximumExceeded,
    TopicAliasInvalid,
    PacketTooLarge,
    QuotaExceeded,
    PayloadFormatInvalid,
    RetainNotSupported,
    QosNotSupported,
    SubscriptionIdentifiersNotSupported,
}

impl ProtocolError {
    pub(crate) fn new(clause: &'static str, code: Code, reason: impl Into<String>) -> Self {
        Self { clause, code, reason: reason.into() }
    }

    pub(crate) fn malformed(clause: &'static str, reason: impl Into<String>) -> Self {
        Self::new(clause, Code::Malformed, reason)
    }

    pub(crate) fn protocol(clause: &'static str, reason: impl Into<String>) -> Self {
        Self::new(clause, Code::Protocol, reason)
    }

    pub(crate) fn into_violation(self) -> Violation {
        Violation { clause: self.clause, code: self.code.disconnect(), reason: self.reason }
    }

    pub(crate) fn into_farewell(self, bytes: bytes::Bytes) -> Farewell {
        Farewell {
            bytes,
            clause: self.clause,
            code: self.code.connack(),
            reason: self.reason,
            client_id: None,
        }
    }
}

impl Code {
    pub(crate) fn disconnect(self) -> DisconnectCode {
        use DisconnectCode as D;
        match self {
            Self::Malformed => D::MalformedPacket,
            Self::TopicFilterInvalid => D::TopicFilterInvalid,
            Self::TopicNameInvalid => D::TopicNameInvalid,
            Self::ReceiveMaximumExceeded => D::ReceiveMaximumExceeded,
            Self::TopicAliasInvalid => D::TopicAliasInvalid,
            Self::PacketTooLarge => D::PacketTooLarge,
            Self::QuotaExceeded => D::QuotaExceeded,
            Self::PayloadFormatInvalid => D::PayloadFormatInvalid,
            Self::RetainNotSupported => D::RetainNotSupported,
            Self::QosNotSupported => D::QosNotSupported,
            Self::SubscriptionIdentifiersNotSupported => D::SubscriptionIdentifiersNotSupported,
            Self::Protocol
            | Self::UnsupportedProtocolVersion
            | Self::IdentifierRejected
            | Self::BadAuthenticationMethod => D::ProtocolError,
        }
    }

    pub(crate) fn connack(self) -> ConnectRefusal {
        use ConnectRefusal as C;
        match self {
            Self::Malformed => C::MalformedPacket,
            Self::UnsupportedProtocolVersion => C::UnsupportedProtocolVersion,
            Self::IdentifierRejected => C::IdentifierRejected,
            Self::BadAuthenticationMethod => C::BadAuthenticationMethod,
            Self::TopicNameInvalid => C::TopicNameInvalid,
            Self::PacketTooLarge => C::PacketTooLarge,
            Self::QuotaExceeded => C::QuotaExceeded,
            Self::PayloadFormatInvalid => C::PayloadFormatInvalid,
            Self::RetainNotSupported => C::RetainNotSupported,
            Self::QosNotSupported => C::QosNotSupported,
            Self::Protocol
            | Self::TopicFilterInvalid
            | Self::ReceiveMaximumExceeded
            | Self::TopicAliasInvalid
            | Self::SubscriptionIdentifiersNotSupported => C::ProtocolError,
        }
    }
}
