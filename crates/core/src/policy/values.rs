//! What a request has for a condition key; names compared without case.

use std::borrow::Cow;

/// `text` after `start`, compared without ASCII case.
pub(super) fn strip_folded<'t>(text: &'t str, start: &str) -> Option<&'t str> {
    let head = text.get(..start.len())?;
    if head.eq_ignore_ascii_case(start) { text.get(start.len()..) } else { None }
}

/// The values of a key: none, one or several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Values<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Values<'a> {
    pub(super) const ABSENT: Self = Self::Many(Vec::new());

    pub(super) fn as_slice(&self) -> &[Cow<'a, str>] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}

impl<'a> From<Option<Cow<'a, str>>> for Values<'a> {
    fn from(value: Option<Cow<'a, str>>) -> Self {
        value.map_or(Self::ABSENT, Self::One)
    }
}
