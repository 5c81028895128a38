//! One verified request, and typed reading of its path, query and body; its answer.

use std::fmt::Display;

use axum::response::Response;
use bytes::Bytes;
use fleetwright_core::error::Refusal;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::members::{Members, invalid, sentence};
use super::page::Paging;
use super::route::Labels;
use crate::control::auth::Query;
use crate::control::error::json_response;

/// A request whose signature is verified.
pub(crate) struct Call {
    pub(crate) labels: Labels,
    pub(crate) query: Query,
    #[expect(dead_code, reason = "principals of some operations to come are sent as headers")]
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

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
        parse(self.label_text(name)?).map_err(|rule| invalid(sentence(&rule)))
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

    /// The body as a JSON object; an empty body is an empty object.
    pub(crate) fn object(&self) -> Result<Object, Refusal> {
        if self.body.is_empty() {
            return Ok(Object(Map::new()));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => Ok(Object(members)),
            Ok(_) => Err(invalid("The body must be a JSON object.")),
            Err(error) => Err(invalid(format!("The body is not JSON: {error}."))),
        }
    }
}

/// A request's body.
pub(crate) struct Object(Map<String, Value>);

impl Object {
    /// Its members.
    pub(crate) fn members(&self) -> Members<'_> {
        Members::root(&self.0)
    }
}

/// What an operation answers with status 200.
#[derive(Debug)]
pub(crate) struct Answer {
    body: Value,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Answer {
    /// An operation without response members: `{}`.
    pub(crate) fn empty() -> Self {
        Self::json(Value::Object(Map::new()))
    }

    /// A JSON object; members that are `null` are left out, as AWS leaves out what is not set.
    pub(crate) fn json(mut body: Value) -> Self {
        if let Value::Object(members) = &mut body {
            members.retain(|_, value| !value.is_null());
        }
        Self { body, headers: Vec::new() }
    }

    /// A page of a list, with the token of the next one.
    pub(crate) fn list(
        name: &'static str,
        items: impl Iterator<Item = Value>,
        paging: &Paging,
        next: Option<&str>,
    ) -> Self {
        let (token, next) = paging.next(next);
        let mut members = Map::new();
        members.insert(name.into(), items.collect());
        members.insert(token.into(), next.into());
        Self::json(Value::Object(members))
    }

    /// The same answer with one more header; a value that no header can hold is left out.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    pub(crate) fn into_response(self) -> Response {
        let mut response = json_response(StatusCode::OK, &self.body);
        response.headers_mut().extend(self.headers);
        response
    }
}

/// A text of a thing: at most `max` printable characters.
pub(crate) fn description<'a>(
    members: &Members<'a>,
    name: &str,
    max: usize,
) -> Result<Option<&'a str>, Refusal> {
    let text = members.bounded_text(name, max)?;
    match text {
        Some(text) if text.chars().any(char::is_control) => {
            Err(invalid(format!("The member '{name}' must not have control characters.")))
        }
        _ => Ok(text),
    }
}
