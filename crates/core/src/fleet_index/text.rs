//! Texts as the index sees them: without case, in words, with wildcards, as numbers.

/// A text without its case.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}

/// The number that a text is: a literal of JSON, a whole one within ±2^53 (AWS: guide, "Numeric
/// values").
pub(super) fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
    let leading = digits.as_bytes();
    // JSON has neither `+1`, `.5`, `01` nor `inf`.
    match (leading.first(), leading.get(1)) {
        (Some(b'0'), Some(byte)) if byte.is_ascii_digit() => return None,
        (Some(byte), _) if byte.is_ascii_digit() => {}
        _ => return None,
    }
    if !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'))
        || digits.ends_with('.')
        || digits.contains(".e")
        || digits.contains(".E")
    {
        return None;
    }
    let number: f64 = text.parse().ok()?;
    let exact = 9_007_199_254_740_992.0;
    let fits = !whole || (-exact..exact).contains(&number);
    (number.is_finite() && fits).then_some(number)
}

/// One character of a word of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Glyph {
    /// This character.
    Char(char),
    /// `?`, any one character.
    One,
    /// `*`, any characters or none.
    Any,
}

/// A word with wildcards, without case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Glyph>);

impl Pattern {
    pub(super) fn new(glyphs: &[Glyph]) -> Self {
        let folded = glyphs.iter().flat_map(|glyph| match glyph {
            Glyph::Char(char) => char.to_lowercase().map(Glyph::Char).collect(),
            wild => vec![*wild],
        });
        Self(folded.collect())
    }

    /// What every match begins with.
    pub(super) fn prefix(&self) -> String {
        let chars = self.0.iter().map_while(|glyph| match glyph {
            Glyph::Char(char) => Some(*char),
            Glyph::One | Glyph::Any => None,
        });
        chars.collect()
    }

    /// Whether a word without case fits. Takes at most the product of both lengths.
    pub(super) fn fits(&self, word: &str) -> bool {
        let word: Vec<char> = word.chars().collect();
        let (mut at, mut read) = (0, 0);
        // Where the last `*` stands, and how much of the word it has taken.
        let mut last: Option<(usize, usize)> = None;
        loop {
            match (self.0.get(at), word.get(read)) {
                (None, None) => return true,
                (Some(Glyph::Any), _) => {
                    last = Some((at, read));
                    at += 1;
                    continue;
                }
                (Some(Glyph::One), Some(_)) => {
                    (at, read) = (at + 1, read + 1);
                    continue;
                }
                (Some(Glyph::Char(wanted)), Some(found)) if wanted == found => {
                    (at, read) = (at + 1, read + 1);
                    continue;
                }
                (_, None) if last.is_none_or(|(_, taken)| taken >= word.len()) => return false,
                _ => {}
            }
            let Some((star, taken)) = last else { return false };
            last = Some((star, taken + 1));
            (at, read) = (star + 1, taken + 1);
        }
    }
}
