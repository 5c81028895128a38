//! Texts of peers and operators in messages: shortened, so that a message stays one, and escaped, so
//! that it steers neither the terminal nor the program that reads it.

mod encoding;

use std::fmt::{self, Write};

pub use encoding::{NotUtf8, utf8};

/// Characters of a name or value in a message. (ours)
pub(crate) const SHOWN_NAME: usize = 64;
/// Characters of an ARN or a path in a message. (ours)
pub(crate) const SHOWN_ARN: usize = 128;

/// The first characters of a text, at most so many.
pub fn cut(text: &str, chars: usize) -> &str {
    match text.char_indices().nth(chars) {
        Some((end, _)) => text.get(..end).unwrap_or_default(),
        None => text,
    }
}

/// A name or value as a message shows it.
pub fn shown(text: &str) -> &str {
    cut(text, SHOWN_NAME)
}

/// An ARN or a path as a message shows it.
pub fn shown_arn(text: &str) -> &str {
    cut(text, SHOWN_ARN)
}

/// Whether a terminal or a reader of lines may do something at this character instead of showing it:
/// controls (C0, DEL, C1), line and paragraph separators, and what turns the direction of text.
pub fn is_command(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}'
                | '\u{feff}'
        )
}

/// Writes text on with its commanding characters escaped as in a Rust string.
#[derive(Debug)]
pub struct Escaped<W>(pub W);

impl<W: Write> Write for Escaped<W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.chars().try_for_each(|character| match is_command(character) {
            true => write!(self.0, "{}", character.escape_default()),
            false => self.0.write_char(character),
        })
    }
}

/// A text as one line without commanding characters: `\n`, `\u{9b}`, `\u{202e}`.
pub fn escaped(text: &str) -> String {
    let mut line = Escaped(String::with_capacity(text.len()));
    // A string takes whatever is written.
    let _ = line.write_str(text);
    line.0
}

/// JSON with the commanding characters that its strings may hold as they are (DEL, C1, separators,
/// directions) escaped; it reads as the same values. RFC 8259, section 7.
pub fn escaped_json(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for character in json.chars() {
        if character >= '\u{7f}' && is_command(character) {
            text.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            text.push(character);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        let text = "a\nb\t\u{1b}]0;x\u{7}\u{9b}31m\u{202e}c ü日🎉\\";
        assert_eq!(escaped(text), r"a\nb\t\u{1b}]0;x\u{7}\u{9b}31m\u{202e}c ü日🎉\");
    }

    #[test]
    fn escaped_json_is_the_same_value() {
        let json = "{\n  \"a\u{7f}\u{85}\": \"\\u001b\u{2066}ü\\n\"\n}";
        let wanted = "{\n  \"a\\u007f\\u0085\": \"\\u001b\\u2066ü\\n\"\n}";
        assert_eq!(escaped_json(json), wanted);
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(wanted), value(json));
    }

    #[test]
    fn texts_are_cut_between_characters() {
        for (text, chars, wanted) in [
            ("", 0, ""),
            ("", 3, ""),
            ("abc", 0, ""),
            ("abc", 2, "ab"),
            ("abc", 3, "abc"),
            ("äöü", 2, "äö"),
            ("a\u{1f600}b", 2, "a\u{1f600}"),
        ] {
            assert_eq!(cut(text, chars), wanted, "{text}");
        }
        assert_eq!(shown(&"x".repeat(65)).len(), SHOWN_NAME);
        assert_eq!(shown_arn(&"x".repeat(129)).len(), SHOWN_ARN);
    }
}
