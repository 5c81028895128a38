//! Blocks of addresses in CIDR notation.

use std::net::IpAddr;

/// A block of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    v6: bool,
    bits: u128,
    mask: u128,
}

impl Network {
    /// Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; bits behind the prefix are ignored.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let (v6, bits) = bits(address.parse().ok()?);
        let width = if v6 { 128 } else { 32 };
        let length = match length {
            Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
                digits.parse().ok().filter(|length: &u32| *length <= width)?
            }
            Some(_) => return None,
            None => width,
        };
        let mask = u128::MAX.checked_shl(width - length).unwrap_or(0);
        Some(Self { v6, bits: bits & mask, mask })
    }

    /// A v4 address in v6 form counts as v4.
    pub fn contains(self, address: IpAddr) -> bool {
        let (v6, bits) = bits(address.to_canonical());
        v6 == self.v6 && bits & self.mask == self.bits
    }
}

fn bits(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(v4) => (false, u32::from(v4).into()),
        IpAddr::V6(v6) => (true, v6.into()),
    }
}
