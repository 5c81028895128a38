//! The data types of the standard's chapter 1.5, read strictly from raw bytes.

use super::error::{ProtocolError, by_version};
use crate::reason::Version;

/// Reads a packet's body from the front. `what` names a field in the reason of a error.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    whole: usize,
    pub(crate) version: Version,
    /// The clause broken by a body that ends early or late.
    clause: &'static str,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8], version: Version, clause: &'static str) -> Self {
        Self { rest: body, whole: body.len(), version, clause }
    }

    /// A reader of the next `length` bytes alone; an offset of it counts from the same start.
    pub(crate) fn part(&mut self, length: usize, what: &str) -> Result<Reader<'a>, ProtocolError> {
        let start = self.offset();
        let rest = self.take(length, what)?;
        Ok(Reader { rest, whole: start + length, version: self.version, clause: self.clause })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// How many bytes of the body have been read.
    pub(crate) fn offset(&self) -> usize {
        self.whole - self.rest.len()
    }

    /// All that is left.
    pub(crate) fn remaining(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn take(&mut self, length: usize, what: &str) -> Result<&'a [u8], ProtocolError> {
        let (taken, rest) =
            self.rest.split_at_checked(length).ok_or_else(|| self.ends_early(length, what))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], ProtocolError> {
        let (taken, rest) =
            self.rest.split_first_chunk().ok_or_else(|| self.ends_early(N, what))?;
        self.rest = rest;
        Ok(*taken)
    }

    fn ends_early(&self, length: usize, what: &str) -> ProtocolError {
        let left = self.rest.len();
        let reason = format!("{what} needs {length} bytes, the packet has {left} left");
        ProtocolError::malformed(self.clause, reason)
    }

    pub(crate) fn byte(&mut self, what: &str) -> Result<u8, ProtocolError> {
        let [byte] = self.array(what)?;
        Ok(byte)
    }

    pub(crate) fn two_bytes(&mut self, what: &str) -> Result<u16, ProtocolError> {
        self.array(what).map(u16::from_be_bytes)
    }

    pub(crate) fn four_bytes(&mut self, what: &str) -> Result<u32, ProtocolError> {
        self.array(what).map(u32::from_be_bytes)
    }

    pub(crate) fn binary(&mut self, what: &str) -> Result<&'a [u8], ProtocolError> {
        let length = self.two_bytes(what)?;
        self.take(usize::from(length), what)
    }

    pub(crate) fn text(&mut self, what: &str) -> Result<&'a str, ProtocolError> {
        let bytes = self.binary(what)?;
        let text = std::str::from_utf8(bytes).map_err(|error| {
            ProtocolError::malformed(
                by_version(self.version, "MQTT-1.5.3-1", "MQTT5-1.5.4-1"),
                format!("{what} is not UTF-8 at byte {}", error.valid_up_to()),
            )
        })?;
        if bytes.contains(&0) {
            return Err(ProtocolError::malformed(
                by_version(self.version, "MQTT-1.5.3-2", "MQTT5-1.5.4-2"),
                format!("{what} holds U+0000"),
            ));
        }
        Ok(text)
    }

    pub(crate) fn variable_byte_integer(&mut self, what: &str) -> Result<u32, ProtocolError> {
        match variable_byte_integer(self.rest) {
            VariableByteInteger::Value { value, length, minimal: true } => {
                self.take(length, what)?;
                Ok(value)
            }
            VariableByteInteger::Value { .. } => Err(ProtocolError::malformed(
                "MQTT5-1.5.5-1",
                format!("{what} is encoded in more bytes than it needs"),
            )),
            VariableByteInteger::Incomplete => {
                Err(ProtocolError::malformed(self.clause, format!("{what} ends early")))
            }
            VariableByteInteger::TooLong => Err(ProtocolError::malformed(
                "MQTT5-1.5.5-1",
                format!("{what} is encoded in more than four bytes"),
            )),
        }
    }

    /// A packet id, which is never 0.
    pub(crate) fn packet_id(&mut self) -> Result<u16, ProtocolError> {
        match self.two_bytes("the packet id")? {
            0 => Err(ProtocolError::protocol(
                by_version(self.version, "MQTT-2.3.1-1", "MQTT5-2.2.1-3"),
                "the packet id is 0; it must be 1 to 65535",
            )),
            id => Ok(id),
        }
    }

    /// Nothing may be left.
    pub(crate) fn end(&self, what: &str) -> Result<(), ProtocolError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        let left = self.rest.len();
        Err(ProtocolError::malformed(
            self.clause,
            format!("{left} bytes are left over after {what}"),
        ))
    }
}

/// A Variable Byte Integer at the front of some bytes.
pub(crate) enum VariableByteInteger {
    Value { value: u32, length: usize, minimal: bool },
    Incomplete,
    TooLong,
}

pub(crate) fn variable_byte_integer(bytes: &[u8]) -> VariableByteInteger {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let minimal = *byte != 0 || index == 0;
            return VariableByteInteger::Value { value, length: index + 1, minimal };
        }
    }
    if bytes.len() < 4 { VariableByteInteger::Incomplete } else { VariableByteInteger::TooLong }
}
