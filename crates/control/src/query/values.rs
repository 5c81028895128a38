//! Typed reading of parameters; a refusal names the parameter, the rule and the value.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;

use fleetwright_core::limits::{self, TAG_KEY_CHARS, TAG_VALUE_CHARS};
use fleetwright_core::text::shown;

use super::Form;
use super::error::{invalid, invalid_input};
use crate::error::ApiError;

impl Form {
    /// A parameter that must be there.
    pub(crate) fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| invalid(format!("The parameter '{name}' is required.")))
    }

    /// A parameter that must be there, read by its own rule.
    pub(crate) fn parsed<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, ApiError> {
        parse(self.required(name)?).map_err(|rule| named(name, &rule))
    }

    /// A parameter that may be absent, read by its own rule.
    pub(crate) fn maybe_parsed<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, ApiError> {
        self.get(name).map(parse).transpose().map_err(|rule| named(name, &rule))
    }

    /// A text of so many characters, at least and at most.
    pub(crate) fn text(
        &self,
        name: &str,
        chars: RangeInclusive<usize>,
    ) -> Result<Option<&str>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        if chars.contains(&text.chars().count()) {
            return Ok(Some(text));
        }
        Err(invalid(format!(
            "The parameter '{name}' must have {} to {} characters.",
            chars.start(),
            chars.end()
        )))
    }

    /// A whole number within bounds.
    pub(crate) fn integer(
        &self,
        name: &str,
        bounds: RangeInclusive<u32>,
    ) -> Result<Option<u32>, ApiError> {
        let Some(text) = self.get(name) else { return Ok(None) };
        match text.parse().ok().filter(|number| bounds.contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(invalid(format!(
                "The parameter '{name}' must be a whole number from {} to {}.",
                bounds.start(),
                bounds.end()
            ))),
        }
    }

    /// `true` or `false`; absent is false.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(format!("The parameter '{name}' must be true or false."))),
        }
    }

    /// A list of texts, at most `max` of them.
    pub(crate) fn list(&self, name: &str, max: usize) -> Result<Vec<&str>, ApiError> {
        let mut texts = Vec::new();
        for item in self.items(name) {
            texts.push(self.required(&item)?);
            if texts.len() > max {
                return Err(invalid(format!("'{name}' may have at most {max} members.")));
            }
        }
        Ok(texts)
    }

    /// `Tags.member.N.Key` and `.Value`.
    pub(crate) fn tags(&self) -> Result<BTreeMap<String, String>, ApiError> {
        let mut tags = BTreeMap::new();
        for item in self.items("Tags") {
            let key = self.required(&format!("{item}.Key"))?;
            let value = self.required(&format!("{item}.Value"))?;
            check_tag(key, 1..=TAG_KEY_CHARS)?;
            check_tag(value, 0..=TAG_VALUE_CHARS)?;
            if tags.keys().any(|known: &String| known.to_lowercase() == key.to_lowercase()) {
                return Err(invalid_input(
                    "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
                ));
            }
            tags.insert(key.to_owned(), value.to_owned());
            if tags.len() > limits::TAGS {
                let max = limits::TAGS;
                return Err(invalid_input(format!("There may be at most {max} tags.")));
            }
        }
        Ok(tags)
    }
}

fn check_tag(text: &str, chars: RangeInclusive<usize>) -> Result<(), ApiError> {
    let allowed = |c: char| {
        c.is_alphanumeric()
            || c.is_whitespace()
            || matches!(c, '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
    };
    if chars.contains(&text.chars().count()) && text.chars().all(allowed) {
        return Ok(());
    }
    let shown = shown(text);
    Err(invalid(format!(
        "'{shown}' is no tag: keys have 1 to {TAG_KEY_CHARS} characters and values up to \
         {TAG_VALUE_CHARS}, letters, digits, spaces and _.:/=+-@."
    )))
}

fn named(name: &str, rule: &impl Display) -> ApiError {
    invalid(format!("The parameter '{name}' is refused: {rule}."))
}
