//! A query, and whether a document fits it.

use super::InvalidQuery;
use super::document::{Document, Value};
use super::node::{Bound, Node, Term, Test};
use super::text::{fold, number};

/// A query of fleet indexing, read and bounded.
#[derive(Debug, Clone, PartialEq)]
pub struct Query(pub(super) Node);

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// The text breaks the grammar or a bound: `limits::QUERY_BYTES`, `QUERY_TERMS`,
    /// `QUERY_DEPTH`, `TERM_STARS`, `TERM_QUESTION_MARKS`; more than one term begins with a
    /// wildcard, or one does and the query is longer than `LEADING_WILDCARD_BYTES`.
    pub fn parse(text: &str) -> Result<Self, InvalidQuery> {
        super::parse::parse(text).map(Self)
    }

    /// Whether a document fits.
    pub fn fits(&self, document: &impl Document) -> bool {
        self.0.fits(document)
    }

    /// Whether it asks for a field whose name begins so; a term without a field asks for all.
    pub fn asks_for(&self, prefix: &str) -> bool {
        self.0.any_term(&mut |term| {
            term.field.as_deref().is_none_or(|field| field.starts_with(prefix))
        })
    }
}

impl Node {
    fn fits(&self, document: &impl Document) -> bool {
        match self {
            Self::Every => true,
            Self::Term(term) => term.fits(document),
            Self::And(all) => all.iter().all(|node| node.fits(document)),
            Self::Or(any) => any.iter().any(|node| node.fits(document)),
            Self::Not(node) => !node.fits(document),
        }
    }

    fn any_term(&self, test: &mut impl FnMut(&Term) -> bool) -> bool {
        match self {
            Self::Every => false,
            Self::Term(term) => test(term),
            Self::And(nodes) | Self::Or(nodes) => nodes.iter().any(|node| node.any_term(test)),
            Self::Not(node) => node.any_term(test),
        }
    }
}

impl Term {
    fn fits(&self, document: &impl Document) -> bool {
        match &self.field {
            Some(field) => document.any(field, &mut |value| self.test.holds(value)),
            None => document.any_of_all(&mut |value| self.test.holds(value)),
        }
    }
}

impl Test {
    fn holds(&self, value: Value<'_>) -> bool {
        match value {
            Value::Text(text) => self.holds_text(text),
            Value::Number(number) => match self {
                Self::Exists => true,
                Self::Word(_, wanted) => *wanted == Some(number),
                Self::Numbers(low, high) => low.is_below(&number) && high.is_above(&number),
                Self::Phrase(_) | Self::Like(_) | Self::Texts(..) => false,
            },
            Value::Flag(flag) => self.holds_text(if flag { "true" } else { "false" }),
        }
    }

    fn holds_text(&self, text: &str) -> bool {
        match self {
            Self::Exists => true,
            Self::Word(wanted, as_number) => {
                let is_number = || as_number.is_some() && number(text) == *as_number;
                fold(text).split_whitespace().any(|word| word == wanted) || is_number()
            }
            Self::Phrase(wanted) => {
                let folded = fold(text);
                let words: Vec<&str> = folded.split_whitespace().collect();
                words.windows(wanted.len().max(1)).any(|window| window == wanted.as_slice())
            }
            Self::Like(pattern) => fold(text).split_whitespace().any(|word| pattern.fits(word)),
            Self::Numbers(low, high) => {
                number(text).is_some_and(|number| low.is_below(&number) && high.is_above(&number))
            }
            Self::Texts(low, high) => {
                let folded = fold(text);
                low.is_below(&folded) && high.is_above(&folded)
            }
        }
    }
}

impl<T: PartialOrd> Bound<T> {
    fn is_below(&self, value: &T) -> bool {
        match self {
            Self::Open => true,
            Self::Inclusive(bound) => bound <= value,
            Self::Exclusive(bound) => bound < value,
        }
    }

    fn is_above(&self, value: &T) -> bool {
        match self {
            Self::Open => true,
            Self::Inclusive(bound) => bound >= value,
            Self::Exclusive(bound) => bound > value,
        }
    }
}
