//! A query as a tree of terms.

use super::text::Pattern;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// `*`
    Every,
    Term(Term),
    /// All of them.
    And(Vec<Node>),
    /// One of them at least.
    Or(Vec<Node>),
    Not(Box<Node>),
}

/// One term: a test of a field, or of every field.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) field: Option<String>,
    pub(super) test: Test,
}

/// What a value must be; texts are without case.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// `field:*`
    Exists,
    /// A word, and the number that it is.
    Word(String, Option<f64>),
    /// Words in this order.
    Phrase(Vec<String>),
    Like(Pattern),
    Numbers(Bound<f64>, Bound<f64>),
    Texts(Bound<String>, Bound<String>),
}

/// An end of a range.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Bound<T> {
    Open,
    Inclusive(T),
    Exclusive(T),
}
