//! The closed lists of codes that a server sends, one list per packet.

use std::fmt;

/// A protocol version that this crate speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// MQTT 3.1.1, protocol level 4.
    V311,
    /// MQTT 5, protocol version 5.
    V5,
}

/// A quality of service that AWS IoT Core, and so this crate, offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Qos {
    /// QoS 0.
    AtMostOnce = 0,
    /// QoS 1.
    AtLeastOnce = 1,
}

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$item:meta])* $variant:ident = $code:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$item])* $variant = $code,)+ }

        impl $name {
            /// The code on the wire of MQTT 5.
            pub fn code(self) -> u8 {
                self as u8
            }

            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant,)+];
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?} ({})", self, self.code())
            }
        }
    };
}

codes! {
    /// Why a CONNECT is refused; the values are MQTT 5's CONNACK codes.
    ConnectRefusal {
        /// None of the others.
        UnspecifiedError = 128,
        /// The packet cannot be read.
        MalformedPacket = 129,
        /// The packet breaks a rule.
        ProtocolError = 130,
        /// Valid, but not accepted by this server.
        ImplementationSpecificError = 131,
        /// The protocol version is not protocol_level here. 3.1.1: 1.
        UnsupportedProtocolVersion = 132,
        /// The client id is not allowed. 3.1.1: 2.
        IdentifierRejected = 133,
        /// User name or password. 3.1.1: 4.
        BadUserNameOrPassword = 134,
        /// Not authorized. 3.1.1: 5, or [`Limits::not_authorized_v311`](crate::Limits).
        NotAuthorized = 135,
        /// The server is not available. 3.1.1: 3.
        ServerUnavailable = 136,
        /// The server is busy. 3.1.1: 3.
        ServerBusy = 137,
        /// The client has been banned. 3.1.1: 5.
        Banned = 138,
        /// No such authentication method.
        BadAuthenticationMethod = 140,
        /// The will's topic is not acceptable. 3.1.1: 5.
        TopicNameInvalid = 144,
        /// The CONNECT is too large.
        PacketTooLarge = 149,
        /// A limit has been exceeded. 3.1.1: 3.
        QuotaExceeded = 151,
        /// The will's payload is not of its stated format.
        PayloadFormatInvalid = 153,
        /// The will is retained, and retaining is not offered.
        RetainNotSupported = 154,
        /// The will's QoS is not offered.
        QosNotSupported = 155,
        /// Too many connections in too short a time. 3.1.1: 3.
        ConnectionRateExceeded = 159,
    }
}

codes! {
    /// The answer to a QoS 1 PUBLISH. MQTT 3.1.1 has no codes: there everything but a success
    /// closes the connection.
    PubAckCode {
        /// Accepted.
        Success = 0,
        /// Accepted, nobody listens.
        NoMatchingSubscribers = 16,
        /// None of the others.
        UnspecifiedError = 128,
        /// Valid, but not accepted by this server.
        ImplementationSpecificError = 131,
        /// Not authorized.
        NotAuthorized = 135,
        /// The topic is not accepted.
        TopicNameInvalid = 144,
        /// The packet id is in use.
        PacketIdentifierInUse = 145,
        /// A limit has been exceeded.
        QuotaExceeded = 151,
        /// The payload is not of its stated format.
        PayloadFormatInvalid = 153,
    }
}

codes! {
    /// The answer to one filter of a SUBSCRIBE. MQTT 3.1.1 knows 0, 1 and 0x80 alone.
    SubAckCode {
        /// Granted at QoS 0.
        GrantedQos0 = 0,
        /// Granted at QoS 1.
        GrantedQos1 = 1,
        /// None of the others.
        UnspecifiedError = 128,
        /// Valid, but not accepted by this server.
        ImplementationSpecificError = 131,
        /// Not authorized.
        NotAuthorized = 135,
        /// The filter is not accepted.
        TopicFilterInvalid = 143,
        /// The packet id is in use.
        PacketIdentifierInUse = 145,
        /// A limit has been exceeded.
        QuotaExceeded = 151,
        /// Shared subscriptions are not offered.
        SharedSubscriptionsNotSupported = 158,
    }
}

codes! {
    /// The answer to one filter of an UNSUBSCRIBE (MQTT 5).
    UnsubAckCode {
        /// The subscription is gone.
        Success = 0,
        /// There was none. AWS does not send it.
        NoSubscriptionExisted = 17,
        /// None of the others.
        UnspecifiedError = 128,
        /// Not authorized.
        NotAuthorized = 135,
        /// The filter is not accepted.
        TopicFilterInvalid = 143,
        /// The packet id is in use.
        PacketIdentifierInUse = 145,
    }
}

codes! {
    /// Why the server ends a connection; sent in MQTT 5's DISCONNECT. MQTT 3.1.1 closes only.
    DisconnectCode {
        /// None of the others.
        UnspecifiedError = 128,
        /// A packet cannot be read.
        MalformedPacket = 129,
        /// A packet breaks a rule.
        ProtocolError = 130,
        /// Valid, but not accepted by this server.
        ImplementationSpecificError = 131,
        /// Not authorized.
        NotAuthorized = 135,
        /// The server is busy.
        ServerBusy = 137,
        /// The server is shutting down.
        ServerShuttingDown = 139,
        /// Nothing received for one and a half keep-alives.
        KeepAliveTimeout = 141,
        /// Another connection took the client id.
        SessionTakenOver = 142,
        /// A filter is not accepted.
        TopicFilterInvalid = 143,
        /// A topic is not accepted.
        TopicNameInvalid = 144,
        /// More QoS 1 messages under way than Receive Maximum.
        ReceiveMaximumExceeded = 147,
        /// A topic alias out of bounds.
        TopicAliasInvalid = 148,
        /// A packet larger than Maximum Packet Size.
        PacketTooLarge = 149,
        /// Too many messages in too short a time.
        MessageRateTooHigh = 150,
        /// A limit has been exceeded.
        QuotaExceeded = 151,
        /// An operator ended the connection.
        AdministrativeAction = 152,
        /// A payload is not of its stated format.
        PayloadFormatInvalid = 153,
        /// RETAIN is not offered.
        RetainNotSupported = 154,
        /// The QoS is not offered.
        QosNotSupported = 155,
        /// Shared subscriptions are not offered.
        SharedSubscriptionsNotSupported = 158,
        /// Too many connections in too short a time.
        ConnectionRateExceeded = 159,
        /// The connection has lived for its longest time.
        MaximumConnectTime = 160,
        /// Subscription Identifiers are not offered.
        SubscriptionIdentifiersNotSupported = 161,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tables 3-1, 3-4, 3-8, 3-9 and 3-10 of MQTT 5.
    #[test]
    fn every_code_is_of_its_packets_list() {
        let connack = [0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f];
        for code in ConnectRefusal::ALL.iter().map(|code| code.code()) {
            assert!((0x80..=0x8a).contains(&code) || connack.contains(&code), "CONNACK {code}");
        }
        let puback = [0, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99];
        for code in PubAckCode::ALL.iter().map(|code| code.code()) {
            assert!(puback.contains(&code), "PUBACK {code}");
        }
        let suback = [0, 1, 2, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2];
        for code in SubAckCode::ALL.iter().map(|code| code.code()) {
            assert!(suback.contains(&code), "SUBACK {code}");
        }
        let unsuback = [0, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91];
        for code in UnsubAckCode::ALL.iter().map(|code| code.code()) {
            assert!(unsuback.contains(&code), "UNSUBACK {code}");
        }
        let disconnect = [0, 0x87, 0x89, 0x8b, 0x8d, 0x8e, 0x8f, 0x90];
        for code in DisconnectCode::ALL.iter().map(|code| code.code()) {
            let listed = matches!(code, 0x80..=0x83 | 0x93..=0xa2) || disconnect.contains(&code);
            assert!(listed, "DISCONNECT {code}");
        }
    }
}
