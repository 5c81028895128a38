//! Text out of bytes, as programs of several systems write it.

use std::fmt;

/// Why bytes are not UTF-8 text. `Display` is a clause with the way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotUtf8 {
    /// UTF-16, as PowerShell and Excel write files.
    Utf16,
    /// Something else.
    Other,
}

impl fmt::Display for NotUtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf16 => {
                "this is UTF-16 text; write it as UTF-8 (PowerShell: Out-File -Encoding utf8)"
            }
            Self::Other => "not UTF-8 text",
        })
    }
}

/// UTF-8 text without its byte order mark, which many editors write.
///
/// # Errors
/// [`NotUtf8`]. JSON in UTF-16 is recognised by its byte order mark, or by the zero byte of its first
/// character.
pub fn utf8(bytes: &[u8]) -> Result<&str, NotUtf8> {
    match bytes {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => Err(NotUtf8::Utf16),
        [one, other, ..] if (*one == 0) != (*other == 0) => Err(NotUtf8::Utf16),
        _ => {
            let text = std::str::from_utf8(bytes).map_err(|_| NotUtf8::Other)?;
            Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_are_told() {
        let little: Vec<u8> = "{\"a\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = "{\"a\"".encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (bytes, read) in [
            (&b"{}"[..], Ok("{}")),
            (b"", Ok("")),
            (b"\xef\xbb\xbf{}", Ok("{}")),
            (&little, Err(NotUtf8::Utf16)),
            (&big, Err(NotUtf8::Utf16)),
            (b"\xff\xfe{\0", Err(NotUtf8::Utf16)),
            (b"{\xff}", Err(NotUtf8::Other)),
        ] {
            assert_eq!(utf8(bytes), read, "{bytes:?}");
        }
    }
}
