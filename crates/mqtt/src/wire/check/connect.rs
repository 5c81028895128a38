//! The rules of CONNECT (section 3.1), checked on raw bytes before the codec sees them.

use super::message::{check_message, check_user_properties, topic_fault};
use crate::filter::{is_disallowed, validate_topic};
use crate::limits::Limits;
use crate::reason::Version;
use crate::wire::encode::Room;
use crate::wire::fault::{Code, Fault, LIMIT, by_version};
use crate::wire::property::{self, Place, Properties};
use crate::wire::reader::Reader;

/// What the protocol name and level say.
pub(crate) enum Spoken {
    /// A version of ours.
    Version(Version),
    /// Another level, to be refused in the words of the nearest version.
    Other(Version),
    /// Not MQTT.
    Nothing,
}

/// Reads protocol name and level. MQTT 3.1 (`MQIsdp`) counts as another level.
pub(crate) fn spoken(body: &[u8]) -> Spoken {
    match body {
        [0, 4, b'M', b'Q', b'T', b'T', 4, ..] => Spoken::Version(Version::V311),
        [0, 4, b'M', b'Q', b'T', b'T', 5, ..] => Spoken::Version(Version::V5),
        // In words that every client of MQTT reads: 3.1.1 alone demands an answer [MQTT-3.1.2-2].
        [0, 4, b'M', b'Q', b'T', b'T', _, ..]
        | [0, 6, b'M', b'Q', b'I', b's', b'd', b'p', _, ..] => Spoken::Other(Version::V311),
        _ => Spoken::Nothing,
    }
}

/// Bytes of protocol name and level.
const NAME_AND_LEVEL: usize = 7;
/// Offset in the body of the connect flags.
pub(crate) const FLAGS_AT: usize = NAME_AND_LEVEL;
/// The flag of Clean Start.
pub(crate) const CLEAN_START: u8 = 0x02;

#[derive(Clone, Copy)]
struct Flags(u8);

impl Flags {
    fn clean_start(self) -> bool {
        self.0 & CLEAN_START != 0
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

/// Characters of a refused client id that are told. (ours)
const CLIENT_ID_TOLD: usize = 128;

/// Facts of a CONNECT that the codec does not keep.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// Offset in the body of a will's Message Expiry Interval of 0, which the codec refuses.
    pub(crate) zero_expiry_at: Option<usize>,
    /// The client id is empty.
    pub(crate) assigns_id: bool,
}

/// Checks a CONNECT whose name and level are known. What the client says of the packets that it
/// takes is put into `room` as soon as it is read: it binds a refusal, too.
pub(crate) fn check(
    body: &[u8],
    version: Version,
    limits: &Limits,
    room: &mut Room,
) -> Result<Facts, Fault> {
    let mut reader =
        Reader::new(body, version, by_version(version, "MQTT-3.1.4-1", "MQTT5-3.1.4-1"));
    reader.take(NAME_AND_LEVEL, "the protocol name and level")?;
    let flags = Flags(reader.byte("the connect flags")?);
    check_flags(flags, version)?;
    reader.two_bytes("the keep-alive")?;
    if version == Version::V5 {
        let found = property::read(&mut reader, Place::Connect)?;
        room.max = found.maximum_packet_size.unwrap_or(u32::MAX);
        room.reasons = found.problem_information != Some(0);
        check_properties(&found, limits)?;
    }
    let client_id = reader.text("the client id")?;
    let facts =
        if flags.will() { check_will(&mut reader, flags, limits)? } else { Facts::default() };
    if flags.user_name() {
        reader.text("the user name")?;
    }
    if flags.password() {
        reader.binary("the password")?;
    }
    reader.end("the CONNECT")?;
    // The packet can be read; what follows can be refused in its own words.
    check_client_id(client_id, flags, version, limits)?;
    check_will_offered(flags, version, limits)?;
    Ok(Facts { assigns_id: client_id.is_empty(), ..facts })
}

/// The client id of a CONNECT that was refused, as far as it can be read; at most
/// [`CLIENT_ID_TOLD`] characters of it.
pub(crate) fn client_id(body: &[u8], version: Version) -> Option<String> {
    let mut reader = Reader::new(body, version, "");
    reader.take(NAME_AND_LEVEL, "").ok()?;
    reader.byte("").ok()?;
    reader.two_bytes("").ok()?;
    if version == Version::V5 {
        property::read(&mut reader, Place::Connect).ok()?;
    }
    let id = reader.text("").ok()?;
    Some(id.chars().take(CLIENT_ID_TOLD).collect())
}

fn check_flags(flags: Flags, version: Version) -> Result<(), Fault> {
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
    Err(Fault::malformed(by_version(version, v311, v5), reason))
}

fn check_properties(found: &Properties<'_>, limits: &Limits) -> Result<(), Fault> {
    if found.authentication_method {
        return Err(Fault::new(
            "MQTT5-4.12.0-1",
            Code::BadAuthenticationMethod,
            "enhanced authentication is not offered; leave Authentication Method out",
        ));
    }
    if found.authentication_data {
        return Err(Fault::protocol(
            "MQTT5-3.1.2.11.10",
            "Authentication Data without an Authentication Method",
        ));
    }
    if found.maximum_packet_size.is_some_and(|size| size < limits.client_packet_bytes_min) {
        let least = limits.client_packet_bytes_min;
        let reason = format!("Maximum Packet Size must be at least {least}");
        return Err(Fault::new(LIMIT, Code::QuotaExceeded, reason));
    }
    check_user_properties(found, limits)
}

fn check_will(reader: &mut Reader<'_>, flags: Flags, limits: &Limits) -> Result<Facts, Fault> {
    let version = reader.version;
    let found = match version {
        Version::V5 => property::read(reader, Place::Will)?,
        Version::V311 => Properties::default(),
    };
    let topic = reader.text("the will topic")?;
    let payload = reader.binary("the will payload")?;
    check_message(&found, payload, limits)?;
    if flags.will_qos() < 2 {
        validate_topic(topic, limits).map_err(|fault| topic_fault(fault, topic, version))?;
    }
    Ok(Facts {
        assigns_id: false,
        zero_expiry_at: found.message_expiry.and_then(|(value, at)| (value == 0).then_some(at)),
    })
}

fn check_client_id(
    client_id: &str,
    flags: Flags,
    version: Version,
    limits: &Limits,
) -> Result<(), Fault> {
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
    Err(Fault::new(clause, Code::IdentifierRejected, reason))
}

fn check_will_offered(flags: Flags, version: Version, limits: &Limits) -> Result<(), Fault> {
    if flags.will_qos() == 2 {
        return Err(Fault::new(
            by_version(version, LIMIT, "MQTT5-3.2.2-12"),
            Code::QosNotSupported,
            "Will QoS is 2; this server offers QoS 0 and 1",
        ));
    }
    if flags.will_retain() && !limits.retain_available {
        return Err(Fault::new(
            by_version(version, LIMIT, "MQTT5-3.2.2-13"),
            Code::RetainNotSupported,
            "the will is to be retained; this server does not retain",
        ));
    }
    Ok(())
}
