//! The flat objects of the answers, written as compact JSON or as definite-length CBOR.

use std::collections::BTreeMap;

use crate::reserved_topic::Format;
use crate::tree::write_text;

/// A member of an answer.
pub(crate) enum Field<'a> {
    Text(&'a str),
    Number(u64),
    Map(&'a BTreeMap<String, String>),
}

pub(crate) fn encode(fields: &[(&str, Field<'_>)], format: Format) -> Vec<u8> {
    match format {
        Format::Json => json(fields).into_bytes(),
        Format::Cbor => cbor(fields),
    }
}

/// Room for the largest usual answer, so that a private key is not copied about while it grows.
const ROOM: usize = 8 * 1024;

fn json(fields: &[(&str, Field<'_>)]) -> String {
    let mut out = String::with_capacity(ROOM);
    out.push('{');
    for (place, (name, field)) in fields.iter().enumerate() {
        member(place, name, &mut out);
        match field {
            Field::Text(text) => write_text(text, &mut out),
            Field::Number(number) => out.push_str(&number.to_string()),
            Field::Map(map) => {
                out.push('{');
                for (place, (name, text)) in map.iter().enumerate() {
                    member(place, name, &mut out);
                    write_text(text, &mut out);
                }
                out.push('}');
            }
        }
    }
    out.push('}');
    out
}

fn member(place: usize, name: &str, out: &mut String) {
    if place > 0 {
        out.push(',');
    }
    write_text(name, out);
    out.push(':');
}

const UNSIGNED: u8 = 0;
const TEXT: u8 = 3;
const MAP: u8 = 5;

fn cbor(fields: &[(&str, Field<'_>)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(ROOM);
    head(MAP, fields.len() as u64, &mut out);
    for (name, field) in fields {
        text(name, &mut out);
        match field {
            Field::Text(value) => text(value, &mut out),
            Field::Number(number) => head(UNSIGNED, *number, &mut out),
            Field::Map(map) => {
                head(MAP, map.len() as u64, &mut out);
                for (name, value) in *map {
                    text(name, &mut out);
                    text(value, &mut out);
                }
            }
        }
    }
    out
}

fn text(value: &str, out: &mut Vec<u8>) {
    head(TEXT, value.len() as u64, out);
    out.extend_from_slice(value.as_bytes());
}

/// The head of an item in its shortest form (RFC 8949, section 4.2.1).
fn head(major: u8, argument: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    if argument < 24 {
        out.push(major | argument as u8);
    } else if let Ok(argument) = u8::try_from(argument) {
        out.extend_from_slice(&[major | 24, argument]);
    } else if let Ok(argument) = u16::try_from(argument) {
        out.push(major | 25);
        out.extend_from_slice(&argument.to_be_bytes());
    } else if let Ok(argument) = u32::try_from(argument) {
        out.push(major | 26);
        out.extend_from_slice(&argument.to_be_bytes());
    } else {
        out.push(major | 27);
        out.extend_from_slice(&argument.to_be_bytes());
    }
}
