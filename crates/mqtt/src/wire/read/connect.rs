//! CONNECT (section 3.1).

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;

use super::message::{
    check_message, check_user_properties, forwarded, message_expiry, topic_error,
};
use crate::connect::{ClientLimits, ConnectRequest, Will};
use crate::filter::{is_disallowed, validate_topic};
use crate::limits::Limits;
use crate::reason::{Qos, Version};
use crate::wire::error::{Code, LIMIT, ProtocolError, by_version};
use crate::wire::property::{self, Properties, PropertyContext};
use crate::wire::reader::Reader;

/// What the protocol name and level say.
pub(crate) enum ProtocolLevel {
    /// A version of ours.
    Version(Version),
    /// Another level, to be refused in the words of the nearest version.
    Other(Version),
    /// Not MQTT.
    Nothing,
}

/// Reads protocol name and level. MQTT 3.1 (`MQIsdp`) counts as another level.
pub(crate) fn protocol_level(body: &[u8]) -> ProtocolLevel {
    match body {
        [0, 4, b'M', b'Q', b'T', b'T', 4, ..] => ProtocolLevel::Version(Version::V311),
        [0, 4, b'M', b'Q', b'T', b'T', 5, ..] => ProtocolLevel::Version(Version::V5),
        // In words that every client of MQTT reads: 3.1.1 alone demands an answer [MQTT-3.1.2-2].
        [0, 4, b'M', b'Q', b'T', b'T', _, ..]
        | [0, 6, b'M', b'Q', b'I', b's', b'd', b'p', _, ..] => ProtocolLevel::Other(Version::V311),
        _ => ProtocolLevel::Nothing,
    }
}

/// Bytes of protocol name and level.
const NAME_AND_LEVEL: usize = 7;

#[derive(Clone, Copy)]
struct Flags(u8);

impl Flags {
    fn clean_start(self) -> bool {
        self.0 & 0x02 != 0
    }
    fn will(self) -> bool {
        self.0 & 0x04 != 0
    }
    fn will_qos(self) -> u8 {
        (self.0 >> 3) & 3
    }
    fn will_retain(self) -> bool {
        self.0 & 0x20 != 0
    }
    fn password(self) -> bool {
        self.0 & 0x40 != 0
    }
    fn user_name(self) -> bool {
        self.0 & 0x80 != 0
    }
}

/// Characters of a refused client id that are shown. (ours)
const CLIENT_ID_TOLD: usize = 128;

/// Reads a CONNECT whose name and level are known. What the client says of the packets that it
/// takes is put into `client` as soon as it is read: it binds a refusal, too. The request is made of
/// copies, so that the input buffer is free again.
pub(crate) fn connect(
    body: &[u8],
    version: Version,
    limits: &Arc<Limits>,
    client: &mut ClientLimits,
) -> Result<ConnectRequest, ProtocolError> {
    let mut reader =
        Reader::new(body, version, by_version(version, "MQTT-3.1.4-1", "MQTT5-3.1.4-1"));
    reader.take(NAME_AND_LEVEL, "the protocol name and level")?;
    let flags = Flags(reader.byte("the connect flags")?);
    check_flags(flags, version)?;
    let keep_alive = reader.two_bytes("the keep-alive")?;
    let mut found = Properties::default();
    if version == Version::V5 {
        found = property::read(&mut reader, PropertyContext::Connect)?;
        client.max = found.maximum_packet_size.unwrap_or(u32::MAX);
        client.reasons = found.problem_information != Some(0);
        check_properties(&found, limits)?;
    }
    let client_id = reader.text("the client id")?;
    let will = if flags.will() { Some(read_will(&mut reader, flags, limits)?) } else { None };
    let username = if flags.user_name() { Some(reader.text("the user name")?) } else { None };
    let password = if flags.password() { Some(reader.binary("the password")?) } else { None };
    reader.end("the CONNECT")?;
    // The packet can be read; what follows can be refused in its own words.
    check_client_id(client_id, flags, version, limits)?;
    check_will_offered(flags, version, limits)?;
    let is_v5 = version == Version::V5;
    // An id that is about to be assigned has no session to resume.
    let clean_start = flags.clean_start() || client_id.is_empty();
    Ok(ConnectRequest {
        version,
        client_id: client_id.to_owned(),
        clean_start,
        keep_alive,
        session_expiry: match version {
            Version::V5 => found.session_expiry.unwrap_or(0),
            Version::V311 if clean_start => 0,
            Version::V311 => u32::MAX,
        },
        will,
        username: username.map(str::to_owned),
        password: password.map(Bytes::copy_from_slice),
        limits: Arc::clone(limits),
        client_packet_bytes: client.max,
        client_receive_max: found.receive_maximum.unwrap_or(u16::MAX).min(limits.outbound_inflight),
        problem_information: is_v5 && client.reasons,
    })
}

/// The client id of a CONNECT that was refused, as far as it can be read; at most
/// [`CLIENT_ID_TOLD`] characters of it.
pub(crate) fn client_id(body: &[u8], version: Version) -> Option<String> {
    let mut reader = Reader::new(body, version, "");
    reader.take(NAME_AND_LEVEL, "").ok()?;
    reader.byte("").ok()?;
    reader.two_bytes("").ok()?;
    if version == Version::V5 {
        property::read(&mut reader, PropertyContext::Connect).ok()?;
    }
    let id = reader.text("").ok()?;
    Some(id.chars().take(CLIENT_ID_TOLD).collect())
}

fn check_flags(flags: Flags, version: Version) -> Result<(), ProtocolError> {
    let (v311, v5, reason) = if flags.0 & 1 != 0 {
        ("MQTT-3.1.2-3", "MQTT5-3.1.2-3", "the reserved connect flag is set")
    } else if !flags.will() && flags.will_qos() != 0 {
        ("MQTT-3.1.2-13", "MQTT5-3.1.2-11", "Will QoS is set without the Will Flag")
    } else if flags.will_qos() == 3 {
        ("MQTT-3.1.2-14", "MQTT5-3.1.2-12", "Will QoS is 3; QoS is 0 or 1")
    } else if !flags.will() && flags.will_retain() {
        ("MQTT-3.1.2-15", "MQTT5-3.1.2-13", "Will Retain is set without the Will Flag")
    } else if version == Version::V311 && flags.password() && !flags.user_name() {
        ("MQTT-3.1.2-22", "", "a password without a user name")
    } else {
        return Ok(());
    };
    Err(ProtocolError::malformed(by_version(version, v311, v5), reason))
}

fn check_properties(found: &Properties<'_>, limits: &Limits) -> Result<(), ProtocolError> {
    if found.authentication_method {
        return Err(ProtocolError::new(
            "MQTT5-4.12.0-1",
            Code::BadAuthenticationMethod,
            "enhanced authentication is not offered; leave Authentication Method out",
        ));
    }
    if found.authentication_data {
        return Err(ProtocolError::protocol(
            "MQTT5-3.1.2.11.10",
            "Authentication Data without an Authentication Method",
        ));
    }
    if found.maximum_packet_size.is_some_and(|size| size < limits.client_packet_bytes_min) {
        let least = limits.client_packet_bytes_min;
        let reason = format!("Maximum Packet Size must be at least {least}");
        return Err(ProtocolError::new(LIMIT, Code::QuotaExceeded, reason));
    }
    check_user_properties(found, limits)
}

fn read_will(
    reader: &mut Reader<'_>,
    flags: Flags,
    limits: &Limits,
) -> Result<Will, ProtocolError> {
    let version = reader.version;
    let found = match version {
        Version::V5 => property::read(reader, PropertyContext::Will)?,
        Version::V311 => Properties::default(),
    };
    let topic = reader.text("the will topic")?;
    let payload = reader.binary("the will payload")?;
    check_message(&found, payload, limits)?;
    if flags.will_qos() < 2 {
        validate_topic(topic, limits).map_err(|error| topic_error(error, topic, version))?;
    }
    Ok(Will {
        topic: ByteString::from(topic),
        payload: Bytes::copy_from_slice(payload),
        // QoS 2 is refused once the packet is read.
        qos: if flags.will_qos() == 0 { Qos::AtMostOnce } else { Qos::AtLeastOnce },
        retain: flags.will_retain(),
        message_expiry: message_expiry(&found, limits),
        delay: found.will_delay.unwrap_or(0),
        properties: forwarded(&found, |text| text.into(), Bytes::copy_from_slice),
    })
}

fn check_client_id(
    client_id: &str,
    flags: Flags,
    version: Version,
    limits: &Limits,
) -> Result<(), ProtocolError> {
    let disallowed = client_id.chars().find(|c| is_disallowed(*c));
    // MQTT 5 assigns an id whatever Clean Start says [MQTT5-3.1.3-6].
    let must_be_clean = version == Version::V311;
    let (clause, reason) = if client_id.is_empty() && must_be_clean && !flags.clean_start() {
        (
            "MQTT-3.1.3-8",
            "an empty client id cannot resume a session; send one, or start clean".to_owned(),
        )
    } else if client_id.len() > limits.client_id_bytes {
        let (bytes, most) = (client_id.len(), limits.client_id_bytes);
        (LIMIT, format!("the client id has {bytes} bytes; at most {most} are accepted"))
    } else if let Some(c) = disallowed {
        let code = u32::from(c);
        (LIMIT, format!("the client id holds the control or non-character U+{code:04X}"))
    } else if client_id.starts_with('$') {
        (LIMIT, "a client id does not begin with '$'".to_owned())
    } else {
        return Ok(());
    };
    Err(ProtocolError::new(clause, Code::IdentifierRejected, reason))
}

fn check_will_offered(
    flags: Flags,
    version: Version,
    limits: &Limits,
) -> Result<(), ProtocolError> {
    if flags.will_qos() == 2 {
        return Err(ProtocolError::new(
            by_version(version, LIMIT, "MQTT5-3.2.2-12"),
            Code::QosNotSupported,
            "Will QoS is 2; this server offers QoS 0 and 1",
        ));
    }
    if flags.will_retain() && !limits.retain_available {
        return Err(ProtocolError::new(
            by_version(version, LIMIT, "MQTT5-3.2.2-13"),
            Code::RetainNotSupported,
            "the will is to be retained; this server does not retain",
        ));
    }
    Ok(())
}
