//! The characters of a query, one after the other.

use super::InvalidQuery;
use super::text::Glyph;

/// Where the reading of a query stands.
pub(super) struct Scanner {
    chars: Vec<char>,
    at: usize,
}

/// Characters that end a word.
fn ends(char: char) -> bool {
    char.is_whitespace() || matches!(char, '(' | ')' | '[' | ']' | '{' | '}' | '"' | '<' | '>')
}

impl Scanner {
    pub(super) fn new(text: &str) -> Self {
        Self { chars: text.chars().collect(), at: 0 }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    pub(super) fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Takes the next character if it is this one.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    /// Whether a word in capitals stands here alone.
    pub(super) fn is_at_keyword(&self, keyword: &str) -> bool {
        let length = keyword.len();
        let here = self.chars.get(self.at..self.at + length);
        let same = here.is_some_and(|here| here.iter().copied().eq(keyword.chars()));
        same && self.chars.get(self.at + length).is_none_or(|next| ends(*next))
    }

    /// Takes a word in capitals, if it stands here alone.
    pub(super) fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_at_keyword(keyword);
        self.at += if found { keyword.len() } else { 0 };
        found
    }

    /// A word with its wildcards; `\` takes the next character as it is. In a field's name a `:`
    /// ends it.
    pub(super) fn word(&mut self, ends_at_colon: bool) -> Result<Vec<Glyph>, InvalidQuery> {
        let mut glyphs = Vec::new();
        while let Some(char) = self.peek() {
            if ends(char) || (ends_at_colon && char == ':') {
                break;
            }
            self.at += 1;
            glyphs.push(match char {
                '*' => Glyph::Any,
                '?' => Glyph::One,
                '\\' => Glyph::Char(self.next().ok_or_else(|| {
                    InvalidQuery::new("The query ends with '\\'; nothing follows to be escaped.")
                })?),
                '^' | '~' | '!' | '&' | '|' | '+' => {
                    return Err(InvalidQuery::new(format!(
                        "'{char}' is no operator of the query language; use AND, OR, NOT, or \
                         write '\\{char}' to search for it."
                    )));
                }
                char => Glyph::Char(char),
            });
        }
        if glyphs.is_empty() {
            return Err(self.unexpected());
        }
        Ok(glyphs)
    }

    /// The text between quotation marks, the first of which is taken.
    pub(super) fn quoted(&mut self) -> Result<String, InvalidQuery> {
        let mut text = String::new();
        loop {
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => text.extend(self.next()),
                Some(char) => text.push(char),
                None => return Err(InvalidQuery::new("A '\"' of the query is not closed.")),
            }
        }
    }

    /// What stands here has no place here.
    pub(super) fn unexpected(&self) -> InvalidQuery {
        match self.peek() {
            Some(char) => InvalidQuery::new(format!(
                "'{char}' at character {} of the query was not expected.",
                self.at + 1
            )),
            None => InvalidQuery::new("The query ends where a term was expected."),
        }
    }
}
