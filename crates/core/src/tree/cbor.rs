//! CBOR (RFC 8949), the part that a provisioning request can use: definite and indefinite
//! lengths, text keys, no duplicate keys, bounded depth. Nothing is allocated by a length that
//! the peer only claims.

use super::json::number;
use super::{Gatherer, Malformed, Tree};
use crate::limits::VALUE_DEPTH;

pub(super) fn read(bytes: &[u8]) -> Result<Tree, Malformed> {
    let mut reader = Reader { rest: bytes, whole: bytes.len() };
    let tree = reader.item(VALUE_DEPTH)?;
    match reader.rest {
        [] => Ok(tree),
        _ => Err(reader.refuse("bytes follow the item")),
    }
}

struct Reader<'a> {
    rest: &'a [u8],
    whole: usize,
}

/// The first byte of an item and the number that goes with it.
struct Head {
    major: u8,
    /// `None`: indefinite length, or a break for major type 7.
    argument: Option<u64>,
    /// The low five bits.
    info: u8,
}

const BREAK: u8 = 0xff;

impl<'a> Reader<'a> {
    fn refuse(&self, reason: &str) -> Malformed {
        let offset = self.whole - self.rest.len();
        Malformed(format!("not valid CBOR: {reason} (at byte {offset})"))
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let Some((taken, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.refuse("it ends too early"));
        };
        self.rest = rest;
        Ok(taken)
    }

    fn head(&mut self) -> Result<Head, Malformed> {
        let first = self.take(1)?.first().copied().unwrap_or(BREAK);
        let (major, info) = (first >> 5, first & 0x1f);
        let argument = match info {
            0..=23 => Some(u64::from(info)),
            24..=27 => {
                let bytes = self.take(1 << (info - 24))?;
                Some(bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
            }
            31 if matches!(major, 2..=5 | 7) => None,
            _ => return Err(self.refuse("a reserved first byte")),
        };
        Ok(Head { major, argument, info })
    }

    /// Reads one item with `levels` more levels of nesting allowed.
    fn item(&mut self, levels: usize) -> Result<Tree, Malformed> {
        let mut head = self.head()?;
        while head.major == 6 {
            head = self.head()?;
        }
        match (head.major, head.argument) {
            (0, Some(value)) => Ok(Tree::Number(value.to_string())),
            (1, Some(value)) => Ok(Tree::Number((-1 - i128::from(value)).to_string())),
            (2, length) => self.string(2, length).map(|_| Tree::Other("a byte string")),
            (3, length) => self.text(length).map(Tree::Text),
            (4, length) => self.list(length, self.inner(levels)?),
            (5, length) => self.map(length, self.inner(levels)?),
            (7, Some(value)) => self.simple(head.info, value),
            _ => Err(self.refuse("an unexpected break")),
        }
    }

    fn inner(&self, levels: usize) -> Result<usize, Malformed> {
        levels
            .checked_sub(1)
            .ok_or_else(|| self.refuse(&format!("nested deeper than {VALUE_DEPTH} levels")))
    }

    fn simple(&self, info: u8, value: u64) -> Result<Tree, Malformed> {
        match (info, value) {
            (20, _) => Ok(Tree::Bool(false)),
            (21, _) => Ok(Tree::Bool(true)),
            (22 | 23, _) => Ok(Tree::Null),
            (25, bits) => Ok(number(half(bits))),
            (26, bits) => Ok(number(f64::from(f32::from_bits(bits as u32)))),
            (27, bits) => Ok(number(f64::from_bits(bits))),
            (24, ..32) => Err(self.refuse("a simple value in two bytes that fits in one")),
            _ => Ok(Tree::Other("a simple value")),
        }
    }

    /// The bytes of a string of major type `major`: whole, or in chunks up to a break.
    fn string(&mut self, major: u8, length: Option<u64>) -> Result<Vec<&'a [u8]>, Malformed> {
        if let Some(length) = length {
            return Ok(vec![self.chunk(length)?]);
        }
        let mut chunks = Vec::new();
        while !self.at_break() {
            let head = self.head()?;
            match head.argument {
                Some(length) if head.major == major => chunks.push(self.chunk(length)?),
                _ => return Err(self.refuse("a chunk of another type inside a string")),
            }
        }
        Ok(chunks)
    }

    fn chunk(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| self.refuse("it ends too early"))?;
        self.take(length)
    }

    fn text(&mut self, length: Option<u64>) -> Result<String, Malformed> {
        let mut text = String::new();
        for chunk in self.string(3, length)? {
            let part = std::str::from_utf8(chunk);
            text.push_str(part.map_err(|_| self.refuse("a text string that is not UTF-8"))?);
        }
        Ok(text)
    }

    /// Consumes a break, if there is one here.
    fn at_break(&mut self) -> bool {
        match self.rest {
            [BREAK, rest @ ..] => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Whether another element follows: `left` counts down, `None` waits for the break.
    fn more(&mut self, left: &mut Option<u64>) -> bool {
        match left {
            None => !self.at_break(),
            Some(0) => false,
            Some(count) => {
                *count -= 1;
                true
            }
        }
    }

    fn list(&mut self, mut left: Option<u64>, levels: usize) -> Result<Tree, Malformed> {
        let mut list = Vec::new();
        while self.more(&mut left) {
            list.push(self.item(levels)?);
        }
        Ok(Tree::List(list))
    }

    fn map(&mut self, mut left: Option<u64>, levels: usize) -> Result<Tree, Malformed> {
        let mut members = Gatherer::default();
        while self.more(&mut left) {
            let head = self.head()?;
            if head.major != 3 {
                return Err(self.refuse("a map key that is not a text string"));
            }
            let name = self.text(head.argument)?;
            members.claim(&name)?;
            let value = self.item(levels)?;
            members.add(name, value);
        }
        Ok(Tree::Map(members.finish()))
    }
}

/// A half-precision number (RFC 8949, appendix D).
fn half(bits: u64) -> f64 {
    let exponent = (bits >> 10) & 0x1f;
    let mantissa = (bits & 0x3ff) as f64;
    let value = match exponent {
        0 => mantissa * 2f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (mantissa + 1024.0) * 2f64.powi(exponent as i32 - 25),
    };
    if bits & 0x8000 == 0 { value } else { -value }
}
