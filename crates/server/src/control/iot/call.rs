//! One verified request, and typed reading of its path, query and body; its answer.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use fleetwright_core::authorization::{Member, Tags};
use fleetwright_core::error::Refusal;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::members::{Members, invalid, sentence};
use super::page::Paging;
use super::route::Labels;
use crate::control::auth::Query;
use crate::control::authorize::{Asking, Found, Holds, Peer};
use crate::control::caller::Caller;
use crate::control::error::{json_bytes, json_response};

/// A request whose signature is verified.
pub(crate) struct Call {
    pub(crate) labels: Labels,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The body read once, for authorization.
    parsed: OnceLock<Option<Value>>,
    /// Who signed it.
    pub(crate) caller: Arc<Caller>,
    pub(crate) request_id: String,
    /// Where it came from, if that is known.
    pub(crate) peer: Option<Peer>,
}

impl Call {
    /// The call of a route.
    pub(crate) fn new(
        labels: Labels,
        query: Query,
        headers: HeaderMap,
        body: Bytes,
        caller: Arc<Caller>,
        asking: &Asking<'_>,
    ) -> Self {
        let (request_id, peer) = (asking.request_id.to_owned(), asking.peer);
        let parsed = OnceLock::new();
        Self { labels, query, headers, body, parsed, caller, request_id, peer }
    }

    /// A value of the body by its path with dots; `None` also when the body is not JSON, which
    /// the operation refuses by itself.
    fn body_value(&self, path: &str) -> Option<&Value> {
        let parsed = self.parsed.get_or_init(|| serde_json::from_slice(&self.body).ok());
        path.split('.').try_fold(parsed.as_ref()?, |value, name| value.get(name))
    }

    /// The names of what was sent in the query, without the signature's.
    pub(in crate::control) fn query_names(&self) -> Vec<String> {
        let names = self.query.names().filter(|name| !name.starts_with("X-Amz-"));
        names.map(str::to_owned).collect()
    }

    /// The names of the body's members; none when it is no JSON object.
    pub(in crate::control) fn body_names(&self) -> Vec<String> {
        let body = self.parsed.get_or_init(|| serde_json::from_slice(&self.body).ok());
        let members = body.as_ref().and_then(Value::as_object).into_iter().flatten();
        members.map(|(name, _)| name.clone()).collect()
    }

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

    /// A header that must be there, once.
    pub(crate) fn header_text(&self, name: &'static str) -> Result<&str, Refusal> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next().and_then(|value| value.to_str().ok()), values.next()) {
            (Some(text), None) => Ok(text),
            _ => Err(invalid(format!("The header '{name}' is required, once, in ASCII."))),
        }
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

    /// The members of the body, read once for authorization and operation alike: the way of
    /// large bodies.
    pub(crate) fn members(&self) -> Result<Members<'_>, Refusal> {
        let parsed = self.parsed.get_or_init(|| serde_json::from_slice(&self.body).ok());
        match parsed {
            Some(Value::Object(members)) => Ok(Members::root(members)),
            _ => Err(invalid("The body must be a JSON object.")),
        }
    }

    /// The body as a JSON object; an empty body is an empty object.
    pub(crate) fn object(&self) -> Result<Object<'_>, Refusal> {
        if self.body.is_empty() {
            return Ok(Object(Cow::Owned(Map::new())));
        }
        // Most bodies were read for authorization already.
        if let Some(Some(Value::Object(members))) = self.parsed.get() {
            return Ok(Object(Cow::Borrowed(members)));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => Ok(Object(Cow::Owned(members))),
            Ok(_) => Err(invalid("The body must be a JSON object.")),
            Err(error) => Err(invalid(format!("The body is not JSON: {error}."))),
        }
    }
}

impl Holds for Call {
    /// Names of AWS IoT and Lambda are what they are stored as, byte for byte.
    fn keep(&mut self, _found: Found) {}

    fn values(&self, member: Member) -> Vec<String> {
        match member {
            Member::Label(name) => self.label_text(name).map(str::to_owned).into_iter().collect(),
            Member::Query(name) => self.query.all(name).map(str::to_owned).collect(),
            Member::Header(name) => {
                let values = self.headers.get_all(name).iter();
                values.filter_map(|value| value.to_str().ok()).map(str::to_owned).collect()
            }
            Member::Body(path) => self.body_value(path).map(texts).unwrap_or_default(),
        }
    }

    fn tags(&self, tags: Tags) -> BTreeMap<String, Option<String>> {
        let text = |item: &Value, key: &str| Some(item.get(key)?.as_str()?.to_owned());
        match tags {
            Tags::Keys => {
                self.values(Member::Body("tagKeys")).into_iter().map(|key| (key, None)).collect()
            }
            Tags::Pairs => {
                let list = self.body_value("tags").and_then(Value::as_array);
                let pairs = list.into_iter().flatten();
                pairs.filter_map(|item| Some((text(item, "Key")?, text(item, "Value")))).collect()
            }
            Tags::Map => {
                let map = self.body_value("Tags").and_then(Value::as_object);
                let text = |value: &Value| value.as_str().map(str::to_owned);
                map.into_iter().flatten().map(|(key, value)| (key.clone(), text(value))).collect()
            }
            Tags::QueryKeys => {
                self.query.all("tagKeys").map(|key| (key.to_owned(), None)).collect()
            }
        }
    }
}

/// A text, or the texts of a list.
fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// A request's body.
pub(crate) struct Object<'c>(Cow<'c, Map<String, Value>>);

impl Object<'_> {
    /// Its members.
    pub(crate) fn members(&self) -> Members<'_> {
        Members::root(&self.0)
    }
}

/// What an operation answers.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    content: Content,
    headers: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Debug)]
enum Content {
    Json(Value),
    /// As a function gave it.
    Bytes(Bytes),
    Nothing,
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
        Self { status: StatusCode::OK, content: Content::Json(body), headers: Vec::new() }
    }

    /// JSON text as it is, of a function.
    pub(crate) fn bytes(bytes: Bytes) -> Self {
        Self { status: StatusCode::OK, content: Content::Bytes(bytes), headers: Vec::new() }
    }

    /// No content: status 204.
    pub(crate) fn nothing() -> Self {
        Self { status: StatusCode::NO_CONTENT, content: Content::Nothing, headers: Vec::new() }
    }

    /// The same answer with status 201.
    pub(crate) fn created(mut self) -> Self {
        self.status = StatusCode::CREATED;
        self
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
        let mut response = match self.content {
            Content::Json(body) => json_response(self.status, &body),
            Content::Bytes(bytes) => json_bytes(self.status, bytes),
            Content::Nothing => {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = self.status;
                response
            }
        };
        response.headers_mut().extend(self.headers);
        response
    }
}

/// Puts a member into a nested object when it has a value: AWS leaves out what is not set.
pub(crate) fn put(object: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let (Some(value), Some(members)) = (value, object.as_object_mut()) {
        members.insert(name.into(), value.into());
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
