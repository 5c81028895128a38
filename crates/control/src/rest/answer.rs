//! What an operation answers, and how that is sent.

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::page::Paging;

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
    /// As it was made elsewhere.
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

    /// JSON text as it is, of a function or a shadow.
    pub(crate) fn bytes(bytes: Bytes) -> Self {
        Self { status: StatusCode::OK, content: Content::Bytes(bytes), headers: Vec::new() }
    }

    /// Nothing, with status 200.
    pub(crate) fn ok() -> Self {
        Self { status: StatusCode::OK, content: Content::Nothing, headers: Vec::new() }
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

/// A JSON response.
pub(crate) fn json_response(status: StatusCode, body: &Value) -> Response {
    json_bytes(status, body.to_string().into())
}

/// A response of JSON text as it is.
fn json_bytes(status: StatusCode, text: Bytes) -> Response {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The same response with the name of its error.
pub(crate) fn error_type(mut response: Response, name: &'static str) -> Response {
    response.headers_mut().insert("x-amzn-errortype", HeaderValue::from_static(name));
    response
}
