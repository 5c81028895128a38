//! Typed reading of a request's labels, query and headers.

use std::fmt::Display;

use fleetwright_core::error::Refusal;

use super::call::Call;
use super::members::{invalid, violation};

impl Call {
    /// A label of the path, as text.
    pub(crate) fn label_text(&self, name: &str) -> Result<&str, Refusal> {
        self.labels
            .iter()
            .find(|(label, _)| *label == name)
            .map(|(_, value)| value.as_str())
            .ok_or_else(|| Refusal::internal(format!("the path has no label {name}")))
    }

    /// A label of the path, read by its own rule.
    pub(crate) fn label<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Refusal> {
        parse(self.label_text(name)?).map_err(violation)
    }

    /// A query parameter; refused when sent twice.
    pub(crate) fn query_text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        let mut values = self.query.all(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(invalid(format!("The query parameter '{name}' is sent twice."))),
        }
    }

    /// A header that must be there, once.
    pub(crate) fn header_text(&self, name: &'static str) -> Result<&str, Refusal> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
            (Some(text), None) => Ok(text),
            _ => Err(invalid(format!("The header '{name}' is required, once, in ASCII."))),
        }
    }

    /// A header that may be absent, once in ASCII if not.
    pub(crate) fn optional_header(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        if self.headers.contains_key(name) { self.header_text(name).map(Some) } else { Ok(None) }
    }

    /// A query parameter, read by its own rule.
    pub(crate) fn query_name<T, E: Display>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Refusal> {
        self.query_text(name)?.map(parse).transpose().map_err(violation)
    }

    /// A label of the path that is a version's number; no version has the largest.
    pub(crate) fn version(&self, name: &str) -> Result<u32, Refusal> {
        self.label(name, |text| {
            if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
                Ok(text.parse().unwrap_or(u32::MAX))
            } else {
                Err(format!("{name} must be a number"))
            }
        })
    }

    /// The query parameter `expectedVersion`.
    pub(crate) fn expected_version(&self) -> Result<Option<i64>, Refusal> {
        let version = self.query_integer("expectedVersion", 0..=i64::MAX.unsigned_abs())?;
        Ok(version.map(u64::cast_signed))
    }

    /// A query parameter that is `true` or `false`; absent is false.
    pub(crate) fn query_flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.query_text(name)? {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(invalid(format!("The query parameter '{name}' must be true or false."))),
        }
    }

    /// A query parameter that is a whole number within bounds.
    pub(crate) fn query_integer(
        &self,
        name: &str,
        bounds: std::ops::RangeInclusive<u64>,
    ) -> Result<Option<u64>, Refusal> {
        let Some(text) = self.query_text(name)? else { return Ok(None) };
        let number = text.parse().ok().filter(|number| bounds.contains(number));
        match number {
            Some(number) => Ok(Some(number)),
            None => Err(invalid(format!(
                "The query parameter '{name}' must be a whole number from {} to {}.",
                bounds.start(),
                bounds.end()
            ))),
        }
    }
}
