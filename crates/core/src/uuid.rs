//! The 16-byte identifiers that AWS shows as `thingId`, `thingTypeId`, `generationId` …

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Sixteen bytes, shown as `8-4-4-4-12` lower-case hex digits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Uuid(pub [u8; 16]);

impl Uuid {
    /// A version 4 UUID of sixteen random bytes.
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        let [.., version, _, variant, _, _, _, _, _, _, _] = &mut bytes;
        *version = (*version & 0x0f) | 0x40;
        *variant = (*variant & 0x3f) | 0x80;
        Self(bytes)
    }

    /// Reads what `Display` writes.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.split('-').collect();
        let number = u128::from_str_radix(&digits, 16).ok()?;
        let read = Self(number.to_be_bytes());
        (read.to_string() == text).then_some(read)
    }

    /// An identifier of one life of a row: rows are numbered once, so the pair is unique.
    pub fn of_row(row: i64, created: i64) -> Self {
        let mut bytes = [0; 16];
        for (slot, byte) in
            bytes.iter_mut().zip(row.to_be_bytes().into_iter().chain(created.to_be_bytes()))
        {
            *slot = byte;
        }
        Self(bytes)
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = u128::from_be_bytes(self.0);
        let digits = |from: u32, count: u32| {
            (number >> (128 - 4 * (from + count))) & ((1 << (4 * count)) - 1)
        };
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            digits(0, 8),
            digits(8, 4),
            digits(12, 4),
            digits(16, 4),
            digits(20, 12),
        )
    }
}

impl Serialize for Uuid {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// Takes the digits without hyphens, too.
impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let digits: String = String::deserialize(from)?.split('-').collect();
        let number = u128::from_str_radix(&digits, 16).map_err(serde::de::Error::custom)?;
        Ok(Self(number.to_be_bytes()))
    }
}
