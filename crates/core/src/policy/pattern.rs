//! Patterns: text with `*`, `?` and `${variable}`, compiled once.
//!
//! Matching is iterative and never backtracks past the last `*`: at worst the product of the two
//! lengths, no recursion. Substituted values are data: a `*` in a client id is a star, no wildcard.

use std::borrow::Cow;

use super::Context;
use super::key::Key;
use super::malformed::shown;

/// Variables of one pattern that are substituted without a heap allocation for the list.
const FEW: usize = 4;

/// Which characters of a text are special.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syntax {
    /// `*` and `?` are wildcards.
    pub(super) wildcards: bool,
    /// `${…}` is a variable (documents of version 2012-10-17).
    pub(super) variables: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    /// `*`: any characters, or none.
    Any,
    /// `?`: one character.
    One,
    /// The next variable, by its index.
    Variable(usize),
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    source: Box<str>,
    pieces: Box<[Piece]>,
    variables: Box<[Key]>,
}

/// How a subject compares with a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    Yes,
    No,
    /// A variable has no value here, so the pattern matches nothing.
    Unresolved,
}

impl Match {
    pub(super) fn is_yes(self) -> bool {
        self == Self::Yes
    }
}

impl From<bool> for Match {
    fn from(yes: bool) -> Self {
        if yes { Self::Yes } else { Self::No }
    }
}

impl Pattern {
    /// Compiles a text. The error says what is wrong with a variable.
    pub(super) fn compile(source: &str, syntax: Syntax) -> Result<Self, String> {
        let mut build = Builder::default();
        let mut rest = source;
        while let Some(c) = rest.chars().next() {
            if syntax.variables
                && let Some(inner) = rest.strip_prefix("${")
            {
                let Some((name, after)) = inner.split_once('}') else {
                    return Err(format!(
                        "'{}' has a variable without its closing brace; write ${{name}}, \
                         or ${{$}} for a plain dollar sign",
                        shown(source)
                    ));
                };
                build.variable(name, source)?;
                rest = after;
                continue;
            }
            match c {
                '*' if syntax.wildcards => build.any(),
                '?' if syntax.wildcards => build.piece(Piece::One),
                c => build.text.push(c),
            }
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
        build.flush();
        Ok(Self {
            source: source.into(),
            pieces: build.pieces.into(),
            variables: build.variables.into(),
        })
    }

    /// The text that was compiled.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// The variables, in the order of the text.
    pub(super) fn variables(&self) -> &[Key] {
        &self.variables
    }

    /// Whether the pattern is `*` alone.
    pub(super) fn is_any(&self) -> bool {
        matches!(&*self.pieces, [Piece::Any])
    }

    /// Whether it is one variable alone after a text that ends so; for lints.
    pub(super) fn ends_with_only(&self, text: &str, key: &Key) -> bool {
        matches!(&*self.pieces, [Piece::Text(start), Piece::Variable(_)] if start.ends_with(text))
            && self.variables.first() == Some(key)
    }

    /// Compares with the values that the context gives the variables.
    pub(super) fn compare(&self, subject: &str, context: &Context<'_>) -> Match {
        if self.variables.is_empty() {
            return self.run::<false>(subject, &[]).into();
        }
        // Most resources of a policy fail on their first letters: not worth resolving for.
        if let Some(Piece::Text(start)) = self.pieces.first()
            && !subject.starts_with(&**start)
        {
            return Match::No;
        }
        self.with_values(context, |values| self.run::<false>(subject, values))
            .map_or(Match::Unresolved, Match::from)
    }

    /// Compares ASCII letters without case; variables are not substituted. For action names.
    pub(super) fn matches_folded(&self, subject: &str) -> bool {
        self.variables.is_empty() && self.run::<true>(subject, &[])
    }

    /// The text with its variables substituted; `None` when one has no value. Wildcards stand
    /// as they were written.
    pub(super) fn render(&self, context: &Context<'_>) -> Option<String> {
        self.with_values(context, |values| {
            self.pieces.iter().fold(String::new(), |mut text, piece| {
                text.push_str(match piece {
                    Piece::Text(literal) => literal,
                    Piece::Any => "*",
                    Piece::One => "?",
                    Piece::Variable(index) => values.get(*index).map_or("", |value| value),
                });
                text
            })
        })
    }

    /// Cuts the pattern at the first `count` - 1 colons of its plain text, as an ARN is cut.
    pub(super) fn split_colons(&self, count: usize) -> Vec<Self> {
        let mut parts = vec![Builder::default()];
        for piece in &self.pieces {
            let whole = parts.len() == count;
            let Some(last) = parts.last_mut() else { break };
            match piece {
                Piece::Text(text) if !whole => {
                    let wanted = count - parts.len() + 1;
                    for (index, part) in text.splitn(wanted, ':').enumerate() {
                        if index > 0 {
                            parts.push(Builder::default());
                        }
                        if let Some(last) = parts.last_mut() {
                            last.text.push_str(part);
                        }
                    }
                }
                Piece::Text(text) => last.text.push_str(text),
                Piece::Variable(index) => {
                    last.flush();
                    last.pieces.push(Piece::Variable(last.variables.len()));
                    last.variables.extend(self.variables.get(*index).cloned());
                }
                other => last.piece(other.clone()),
            }
        }
        parts.into_iter().map(|part| part.finish(&self.source)).collect()
    }

    fn with_values<R>(
        &self,
        context: &Context<'_>,
        use_values: impl FnOnce(&[Cow<'_, str>]) -> R,
    ) -> Option<R> {
        let mut few = [const { Cow::Borrowed("") }; FEW];
        let mut many = Vec::new();
        let slots = match few.get_mut(..self.variables.len()) {
            Some(slots) => slots,
            None => {
                many.resize(self.variables.len(), Cow::Borrowed(""));
                many.as_mut_slice()
            }
        };
        for (slot, key) in slots.iter_mut().zip(&self.variables) {
            *slot = key.substitute(context)?;
        }
        Some(use_values(slots))
    }

    fn run<const FOLD: bool>(&self, subject: &str, values: &[Cow<'_, str>]) -> bool {
        let (mut piece, mut at) = (0, 0);
        // Where to go on after the last `*`, and the first character that it has not swallowed.
        let mut retry: Option<(usize, usize)> = None;
        loop {
            let rest = subject.get(at..).unwrap_or_default();
            let step = match self.pieces.get(piece) {
                None if rest.is_empty() => return true,
                None => None,
                Some(Piece::Any) if piece + 1 == self.pieces.len() => return true,
                Some(Piece::Any) => {
                    retry = Some((piece + 1, at));
                    Some(0)
                }
                Some(Piece::One) => rest.chars().next().map(char::len_utf8),
                Some(Piece::Text(text)) => starts_with::<FOLD>(rest, text),
                Some(Piece::Variable(index)) => {
                    values.get(*index).and_then(|value| starts_with::<FOLD>(rest, value))
                }
            };
            if let Some(length) = step {
                piece += 1;
                at += length;
                continue;
            }
            let Some((after, from)) = retry else { return false };
            let swallowed = subject.get(from..).and_then(|rest| rest.chars().next());
            let Some(swallowed) = swallowed else { return false };
            let from = from + swallowed.len_utf8();
            (piece, at, retry) = (after, from, Some((after, from)));
        }
    }
}

/// The length of `start` when `text` starts with it.
fn starts_with<const FOLD: bool>(text: &str, start: &str) -> Option<usize> {
    let head = text.as_bytes().get(..start.len())?;
    let same =
        if FOLD { head.eq_ignore_ascii_case(start.as_bytes()) } else { head == start.as_bytes() };
    same.then_some(start.len())
}

#[derive(Default)]
struct Builder {
    text: String,
    pieces: Vec<Piece>,
    variables: Vec<Key>,
}

impl Builder {
    fn flush(&mut self) {
        if !self.text.is_empty() {
            self.pieces.push(Piece::Text(std::mem::take(&mut self.text).into()));
        }
    }

    fn piece(&mut self, piece: Piece) {
        self.flush();
        self.pieces.push(piece);
    }

    fn any(&mut self) {
        self.flush();
        // `**` is `*`.
        if self.pieces.last() != Some(&Piece::Any) {
            self.pieces.push(Piece::Any);
        }
    }

    fn variable(&mut self, name: &str, source: &str) -> Result<(), String> {
        match name {
            "*" | "?" | "$" => self.text.push_str(name),
            "" => return Err(format!("'{}' has a variable without a name", shown(source))),
            name => {
                self.flush();
                self.pieces.push(Piece::Variable(self.variables.len()));
                self.variables.push(Key::parse(name));
            }
        }
        Ok(())
    }

    fn finish(mut self, source: &str) -> Pattern {
        self.flush();
        Pattern {
            source: source.into(),
            pieces: self.pieces.into(),
            variables: self.variables.into(),
        }
    }
}
