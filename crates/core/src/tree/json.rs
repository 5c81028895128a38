//! JSON: read through `serde_json`'s parser into a [`Tree`], written compactly.

use std::fmt;
use std::fmt::Write as _;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{Gatherer, Malformed, Tree};
use crate::limits::VALUE_DEPTH;
use crate::text::utf8;

pub(super) fn read(bytes: &[u8]) -> Result<Tree, Malformed> {
    read_by(Levels { left: VALUE_DEPTH, duplicates: false }, bytes)
}

pub(super) fn read_with_duplicates(bytes: &[u8]) -> Result<Tree, Malformed> {
    read_by(Levels { left: VALUE_DEPTH, duplicates: true }, bytes)
}

/// See [`Tree::nesting`].
pub(super) fn nesting(bytes: &[u8]) -> Option<usize> {
    // Skips values without recursion, however deep they are.
    serde_json::from_slice::<IgnoredAny>(bytes).ok()?;
    let (mut level, mut deepest, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => level += 1,
            b'}' | b']' if !in_text => level = level.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(level);
    }
    Some(deepest)
}

fn read_by(levels: Levels, bytes: &[u8]) -> Result<Tree, Malformed> {
    let text = utf8(bytes).map_err(|error| Malformed(error.to_string()))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    levels
        .deserialize(&mut reader)
        .and_then(|tree| reader.end().map(|()| tree))
        .map_err(|error| Malformed(format!("not valid JSON: {error}")))
}

/// Reads a value that may have this many more levels of nesting, and members that come twice or not.
#[derive(Clone, Copy)]
struct Levels {
    left: usize,
    duplicates: bool,
}

impl Levels {
    fn inner<E: Error>(self) -> Result<Self, E> {
        self.left
            .checked_sub(1)
            .map(|left| Self { left, ..self })
            .ok_or_else(|| E::custom(format!("nested deeper than {VALUE_DEPTH} levels")))
    }
}

impl<'de> DeserializeSeed<'de> for Levels {
    type Value = Tree;
    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Tree, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Levels {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Number(value.to_string()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(number(value))
    }
    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Tree, E> {
        Ok(Tree::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Tree, A::Error> {
        let inner = self.inner()?;
        let mut members = Gatherer::default();
        while let Some(name) = pairs.next_key::<String>()? {
            if !self.duplicates {
                members.claim(&name).map_err(A::Error::custom)?;
            }
            let value = pairs.next_value_seed(inner)?;
            members.add(name, value);
        }
        Ok(Tree::Map(members.finish()))
    }
}

/// A floating-point number in JSON's spelling; one that JSON cannot write is no number.
pub(super) fn number(value: f64) -> Tree {
    match serde_json::Number::from_f64(value) {
        Some(number) => Tree::Number(number.to_string()),
        None => Tree::Other("a number that is not finite"),
    }
}

/// Appends a value as compact JSON. Depth is that of the tree, which readers bound.
pub(super) fn write(tree: &Tree, out: &mut String) {
    match tree {
        Tree::Null | Tree::Other(_) => out.push_str("null"),
        Tree::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Tree::Number(number) => out.push_str(number),
        Tree::Text(text) => write_text(text, out),
        Tree::List(items) => {
            let mut comma = "[";
            for item in items {
                out.push_str(comma);
                comma = ",";
                write(item, out);
            }
            out.push_str(if items.is_empty() { "[]" } else { "]" });
        }
        Tree::Map(members) => {
            let mut comma = "{";
            for (name, value) in members.iter() {
                out.push_str(comma);
                comma = ",";
                write_text(name, out);
                out.push(':');
                write(value, out);
            }
            out.push_str(if members.iter().len() == 0 { "{}" } else { "}" });
        }
    }
}

/// Appends a JSON string with its quotes.
pub(crate) fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c < ' ' => {
                // Writing into a `String` cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
