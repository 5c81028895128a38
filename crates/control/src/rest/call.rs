//! One verified request, and its body.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use bytes::Bytes;
use fleetwright_core::authorization::{Member, Tags};
use fleetwright_core::error::Refusal;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::members::{Members, invalid};
use super::route::Labels;
use crate::auth::Query;
use crate::authorize::{Found, RequestContext, RequestMembers};

/// A request whose signature is verified.
pub(crate) struct Call {
    pub(crate) context: RequestContext,
    pub(crate) labels: Labels,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The resources whose stored ARNs differ from what the request writes; filled by
    /// authorization. All other names of AWS IoT and Lambda are stored byte for byte.
    pub(crate) found: Found,
    /// The body read once, for authorization.
    parsed: OnceLock<Option<Value>>,
}

impl Call {
    /// The call of a route.
    pub(crate) fn new(
        context: RequestContext,
        labels: Labels,
        query: Query,
        headers: HeaderMap,
        body: Bytes,
    ) -> Self {
        Self {
            context,
            labels,
            query,
            headers,
            body,
            found: Found::default(),
            parsed: OnceLock::new(),
        }
    }

    /// The body read once; `None` when it is not JSON.
    fn parsed(&self) -> Option<&Value> {
        self.parsed.get_or_init(|| serde_json::from_slice(&self.body).ok()).as_ref()
    }

    /// A value of the body by its path with dots; `None` also when the body is not JSON, which
    /// the operation refuses by itself.
    fn body_value(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(self.parsed()?, |value, name| value.get(name))
    }

    /// The names of what was sent in the query, without the signature's.
    pub(crate) fn query_names(&self) -> Vec<String> {
        let names = self.query.names().filter(|name| !name.starts_with("X-Amz-"));
        names.map(str::to_owned).collect()
    }

    /// The names of the body's members; empty unless it is a JSON object.
    pub(crate) fn body_names(&self) -> Vec<String> {
        let members = self.parsed().and_then(Value::as_object).into_iter().flatten();
        members.map(|(name, _)| name.clone()).collect()
    }

    /// The members of the body, read once for authorization and operation alike: the way of
    /// large bodies.
    pub(crate) fn members(&self) -> Result<Members<'_>, Refusal> {
        match self.parsed() {
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

impl RequestMembers for Call {
    fn context(&self) -> &RequestContext {
        &self.context
    }

    fn keep(&mut self, found: Found) {
        self.found = found;
    }

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
