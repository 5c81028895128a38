//! The data types of the standard's chapter 1.5, written.

use bytes::{BufMut, BytesMut};

pub(super) fn put_packet(out: &mut BytesMut, first: u8, body: &[u8]) {
    out.reserve(packet_bytes(body.len()));
    out.put_u8(first);
    put_variable_byte_integer(out, body.len());
    out.put_slice(body);
}

pub(super) fn put_text(out: &mut impl BufMut, text: &str) {
    put_binary(out, text.as_bytes());
}

pub(super) fn put_binary(out: &mut impl BufMut, bytes: &[u8]) {
    out.put_u16(u16::try_from(bytes.len()).unwrap_or(u16::MAX));
    out.put_slice(bytes);
}

pub(super) fn put_variable_byte_integer(out: &mut impl BufMut, mut value: usize) {
    loop {
        let byte = u8::try_from(value & 0x7f).unwrap_or(0);
        value >>= 7;
        if value == 0 {
            out.put_u8(byte);
            return;
        }
        out.put_u8(byte | 0x80);
    }
}

pub(super) fn variable_byte_integer_bytes(value: usize) -> usize {
    match value {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

pub(super) fn packet_bytes(remaining: usize) -> usize {
    1 + variable_byte_integer_bytes(remaining) + remaining
}
