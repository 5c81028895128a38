//! The property table of MQTT 5 (section 2.2.2.2), as far as a client sends it.

use super::error::{Code, ProtocolError};
use super::reader::Reader;

/// Where properties stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PropertyContext {
    Connect,
    Will,
    Publish,
    PubAck,
    Subscribe,
    Unsubscribe,
    Disconnect,
}

/// The properties that were found, as far as the server makes use of them.
#[derive(Debug, Default)]
pub(crate) struct Properties<'a> {
    pub(crate) payload_format: Option<u8>,
    pub(crate) message_expiry: Option<u32>,
    pub(crate) content_type: Option<&'a str>,
    pub(crate) response_topic: Option<&'a str>,
    pub(crate) correlation_data: Option<&'a [u8]>,
    pub(crate) subscription_id: Option<u32>,
    pub(crate) session_expiry: Option<u32>,
    pub(crate) authentication_method: bool,
    pub(crate) authentication_data: bool,
    pub(crate) problem_information: Option<u8>,
    pub(crate) topic_alias: Option<u16>,
    pub(crate) maximum_packet_size: Option<u32>,
    pub(crate) receive_maximum: Option<u16>,
    pub(crate) will_delay: Option<u32>,
    /// Names and values, in the order of the packet.
    pub(crate) user: Vec<(&'a str, &'a str)>,
    /// Bytes of all user properties.
    pub(crate) user_bytes: usize,
}

const MALFORMED: &str = "MQTT5-2.2.2.2";

/// Reads a property length and that many bytes of properties.
pub(crate) fn read<'a>(
    reader: &mut Reader<'a>,
    place: PropertyContext,
) -> Result<Properties<'a>, ProtocolError> {
    let length = reader.variable_byte_integer("the property length")?;
    let mut rest =
        reader.part(usize::try_from(length).unwrap_or(usize::MAX), "the property list")?;
    let mut found = Properties::default();
    let mut seen = 0u64;
    while !rest.is_empty() {
        let id = rest.variable_byte_integer("a property identifier")?;
        let known = known(id, place).ok_or_else(|| {
            ProtocolError::malformed(
                MALFORMED,
                format!("property {id:#04x} has no place in {place:?}"),
            )
        })?;
        let bit = 1u64.checked_shl(id).unwrap_or(0);
        if seen & bit != 0 && !known.repeats {
            return Err(ProtocolError::protocol(
                known.section,
                format!("{} stands twice; it may stand once", known.name),
            ));
        }
        seen |= bit;
        read_value(id, known, &mut rest, &mut found)?;
    }
    Ok(found)
}

#[derive(Clone, Copy)]
struct Known {
    name: &'static str,
    section: &'static str,
    repeats: bool,
}

/// The property of that identifier, if a client may send it there.
fn known(id: u32, place: PropertyContext) -> Option<Known> {
    use PropertyContext::{Connect, Disconnect, PubAck, Publish, Subscribe, Will};
    let message: &[PropertyContext] = &[Publish, Will];
    let (name, section, places): (_, _, &[PropertyContext]) = match id {
        0x01 => ("Payload Format Indicator", "MQTT5-3.3.2.3.2", message),
        0x02 => ("Message Expiry Interval", "MQTT5-3.3.2.3.3", message),
        0x03 => ("Content Type", "MQTT5-3.3.2.3.9", message),
        0x08 => ("Response Topic", "MQTT5-3.3.2.3.5", message),
        0x09 => ("Correlation Data", "MQTT5-3.3.2.3.6", message),
        0x0B => ("Subscription Identifier", "MQTT5-3.8.2.1.2", &[Publish, Subscribe]),
        0x11 => ("Session Expiry Interval", "MQTT5-3.1.2.11.2", &[Connect, Disconnect]),
        0x15 => ("Authentication Method", "MQTT5-3.1.2.11.9", &[Connect]),
        0x16 => ("Authentication Data", "MQTT5-3.1.2.11.10", &[Connect]),
        0x17 => ("Request Problem Information", "MQTT5-3.1.2.11.7", &[Connect]),
        0x18 => ("Will Delay Interval", "MQTT5-3.1.3.2.2", &[Will]),
        0x19 => ("Request Response Information", "MQTT5-3.1.2.11.6", &[Connect]),
        0x1C => ("Server Reference", "MQTT5-3.14.2.2.5", &[Disconnect]),
        0x1F => ("Reason String", "MQTT5-3.14.2.2.3", &[PubAck, Disconnect]),
        0x21 => ("Receive Maximum", "MQTT5-3.1.2.11.3", &[Connect]),
        0x22 => ("Topic Alias Maximum", "MQTT5-3.1.2.11.5", &[Connect]),
        0x23 => ("Topic Alias", "MQTT5-3.3.2.3.4", &[Publish]),
        0x26 => return Some(Known { name: "User Property", section: MALFORMED, repeats: true }),
        0x27 => ("Maximum Packet Size", "MQTT5-3.1.2.11.4", &[Connect]),
        _ => return None,
    };
    // In PUBLISH any Subscription Identifier is refused, the first already.
    places.contains(&place).then_some(Known { name, section, repeats: false })
}

fn read_value<'a>(
    id: u32,
    known: Known,
    rest: &mut Reader<'a>,
    found: &mut Properties<'a>,
) -> Result<(), ProtocolError> {
    let Known { name, section, .. } = known;
    match id {
        0x01 => found.payload_format = Some(read_flag(known, rest)?),
        0x02 => found.message_expiry = Some(rest.four_bytes(name)?),
        0x03 => found.content_type = Some(rest.text(name)?),
        0x08 => found.response_topic = Some(rest.text(name)?),
        0x09 => found.correlation_data = Some(rest.binary(name)?),
        0x0B => match rest.variable_byte_integer(name)? {
            0 => return Err(ProtocolError::protocol(section, "a Subscription Identifier is 0")),
            value => found.subscription_id = Some(value),
        },
        0x11 => found.session_expiry = Some(rest.four_bytes(name)?),
        0x15 => {
            rest.text(name)?;
            found.authentication_method = true;
        }
        0x16 => {
            rest.binary(name)?;
            found.authentication_data = true;
        }
        0x17 => found.problem_information = Some(read_flag(known, rest)?),
        0x19 => {
            read_flag(known, rest)?;
        }
        0x18 => found.will_delay = Some(rest.four_bytes(name)?),
        0x1C => {
            return Err(ProtocolError::protocol(section, "only a server sends a Server Reference"));
        }
        0x1F => {
            rest.text(name)?;
        }
        0x21 => match rest.two_bytes(name)? {
            0 => {
                let reason = "Receive Maximum is 0; it must be 1 to 65535";
                return Err(ProtocolError::protocol(section, reason));
            }
            most => found.receive_maximum = Some(most),
        },
        0x22 => {
            rest.two_bytes(name)?;
        }
        0x23 => match rest.two_bytes(name)? {
            0 => {
                return Err(ProtocolError::new(
                    "MQTT5-3.3.2-8",
                    Code::TopicAliasInvalid,
                    "the Topic Alias is 0; aliases begin at 1",
                ));
            }
            alias => found.topic_alias = Some(alias),
        },
        0x27 => match rest.four_bytes(name)? {
            0 => return Err(ProtocolError::protocol(section, "Maximum Packet Size is 0")),
            size => found.maximum_packet_size = Some(size),
        },
        // User Property: the only one left.
        _ => {
            let start = rest.offset();
            let key = rest.text("the name of a User Property")?;
            found.user.push((key, rest.text("the value of a User Property")?));
            found.user_bytes += rest.offset() - start;
        }
    }
    Ok(())
}

fn read_flag(known: Known, rest: &mut Reader<'_>) -> Result<u8, ProtocolError> {
    match rest.byte(known.name)? {
        value @ (0 | 1) => Ok(value),
        value => Err(ProtocolError::protocol(
            known.section,
            format!("{} is {value}; it must be 0 or 1", known.name),
        )),
    }
}
