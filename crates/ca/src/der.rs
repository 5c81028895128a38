//! The little DER that certificates need: nested elements, lengths filled in afterwards.

use fleetwright_core::time::{Timestamp, Utc};

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OID: u8 = 0x06;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Appends one element whose content `fill` appends.
pub(crate) fn nested(out: &mut Vec<u8>, tag: u8, fill: impl FnOnce(&mut Vec<u8>)) {
    out.push(tag);
    let start = out.len();
    fill(out);
    let length = out.len() - start;
    let (bytes, used) = length_octets(length);
    out.splice(start..start, bytes.into_iter().take(used));
}

/// Appends one element with this content.
pub(crate) fn element(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    nested(out, tag, |out| out.extend_from_slice(content));
}

/// One element with this content.
pub(crate) fn encoded(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 6);
    element(&mut out, tag, content);
    out
}

/// One element whose content `fill` appends.
pub(crate) fn encoded_by(tag: u8, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(96);
    nested(&mut out, tag, fill);
    out
}

/// Appends a non-negative INTEGER from its big-endian bytes, in the shortest form.
pub(crate) fn unsigned(out: &mut Vec<u8>, big_endian: &[u8]) {
    nested(out, INTEGER, |out| {
        let zeros = big_endian.iter().take_while(|byte| **byte == 0).count();
        let digits = big_endian.get(zeros..).unwrap_or_default();
        if digits.first().is_none_or(|byte| byte & 0x80 != 0) {
            out.push(0);
        }
        out.extend_from_slice(digits);
    });
}

/// Appends a BIT STRING of whole bytes.
pub(crate) fn bits(out: &mut Vec<u8>, content: &[u8]) {
    nested(out, BIT_STRING, |out| {
        out.push(0);
        out.extend_from_slice(content);
    });
}

/// A Name of one relative distinguished name: the common name, UTF8String.
pub(crate) fn common_name(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 16);
    nested(&mut out, SEQUENCE, |out| {
        nested(out, SET, |out| {
            nested(out, SEQUENCE, |out| {
                element(out, OID, &[0x55, 0x04, 0x03]);
                element(out, UTF8_STRING, text.as_bytes());
            });
        });
    });
    out
}

/// Seconds since 1970 as UTCTime; `None` outside of 1950 to 2049.
pub(crate) fn utc_time(seconds: i64) -> Option<[u8; 13]> {
    let Utc { year, month, day, hour, minute, second, .. } = Timestamp::of_seconds(seconds).utc();
    if !(1950..=2049).contains(&year) {
        return None;
    }
    let year = year % 100;
    let text = format!("{year:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    text.as_bytes().try_into().ok()
}

/// Levels of nested elements that are looked at; a certificate has about ten. (ours)
const DEPTH: usize = 32;

/// Whether the bytes are elements side by side whose lengths, and those of all elements inside
/// constructed ones, are definite and written in the fewest octets.
pub(crate) fn has_shortest_lengths(bytes: &[u8]) -> bool {
    shortest(bytes, DEPTH)
}

fn shortest(mut bytes: &[u8], depth: usize) -> bool {
    while let Some((tag, rest)) = bytes.split_first() {
        let Some((length, header)) = short_length(rest) else { return false };
        let Some((content, after)) =
            rest.get(header..).and_then(|rest| rest.split_at_checked(length))
        else {
            return false;
        };
        // Tags of several octets stand in no certificate.
        let constructed = tag & 0x20 != 0;
        if tag & 0x1f == 0x1f || (constructed && (depth == 0 || !shortest(content, depth - 1))) {
            return false;
        }
        bytes = after;
    }
    true
}

/// A length of at most three octets behind its first, and how many octets it takes in all.
fn short_length(bytes: &[u8]) -> Option<(usize, usize)> {
    let (length, octets, least) = match *bytes {
        [first @ 0..=0x7f, ..] => (usize::from(first), 1, 0),
        [0x81, first, ..] => (usize::from(first), 2, 0x80),
        [0x82, high, low, ..] => (usize::from(u16::from_be_bytes([high, low])), 3, 0x100),
        [0x83, high, middle, low, ..] => {
            let low = usize::from(u16::from_be_bytes([middle, low]));
            (usize::from(high) << 16 | low, 4, 0x1_0000)
        }
        _ => return None,
    };
    (length >= least).then_some((length, octets))
}

/// The content of a length, and how many of the bytes are used. Longer than 65,535 bytes nothing
/// here is: a CSR is bounded.
fn length_octets(length: usize) -> ([u8; 5], usize) {
    let [.., third, second, first] = length.to_be_bytes();
    match length {
        0..=0x7f => ([first, 0, 0, 0, 0], 1),
        0x80..=0xff => ([0x81, first, 0, 0, 0], 2),
        0x100..=0xffff => ([0x82, second, first, 0, 0], 3),
        _ => ([0x83, third, second, first, 0], 4),
    }
}

#[cfg(test)]
mod tests;
