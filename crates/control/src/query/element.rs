//! XML of an answer, written front to back; every text is escaped.

use std::fmt::Write;

use axum::body::Body;
use axum::response::Response;
use fleetwright_core::time::Timestamp;
use http::{HeaderValue, StatusCode};

/// The content of an XML element: members in the order of writing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    xml: String,
    nothing: bool,
    /// What travels beside the content, in a header.
    lint: Option<String>,
}

impl Element {
    /// An element without members.
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// The answer of an operation that has no result, not even an empty one.
    pub(crate) fn nothing() -> Self {
        Self { nothing: true, ..Self::default() }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.nothing
    }

    /// The same answer with its lints, the value of their header.
    pub(crate) fn with_lint(self, lint: Option<String>) -> Self {
        Self { lint, ..self }
    }

    pub(super) fn take_lint(&mut self) -> Option<String> {
        self.lint.take()
    }

    /// A text member. `name` is a name of the service model.
    pub(crate) fn text(mut self, name: &str, value: &str) -> Self {
        let _ = write!(self.xml, "<{name}>");
        push_escaped(&mut self.xml, value);
        let _ = write!(self.xml, "</{name}>");
        self
    }

    /// A text member, left out when there is none.
    pub(crate) fn optional(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// `true` or `false`.
    pub(crate) fn flag(self, name: &str, value: bool) -> Self {
        self.text(name, if value { "true" } else { "false" })
    }

    /// A whole number.
    pub(crate) fn number(self, name: &str, value: impl Into<i64>) -> Self {
        self.text(name, &value.into().to_string())
    }

    /// A time, as ISO 8601 in seconds.
    pub(crate) fn time(self, name: &str, value: Timestamp) -> Self {
        self.text(name, &value.utc().to_string())
    }

    /// A structure.
    pub(crate) fn nested(mut self, name: &str, content: Self) -> Self {
        let _ = write!(self.xml, "<{name}>{}</{name}>", content.xml);
        self
    }

    /// A list of structures.
    pub(crate) fn list(self, name: &str, items: impl Iterator<Item = Self>) -> Self {
        let items = items.fold(Self::new(), |list, item| list.nested("member", item));
        self.nested(name, items)
    }

    /// A whole answer in no namespace.
    pub(crate) fn into_document(self, status: StatusCode, root: &str) -> Response {
        xml_response(status, format!("<{root}>{}</{root}>", self.xml))
    }

    /// A list of texts.
    pub(crate) fn texts<'t>(self, name: &str, items: impl Iterator<Item = &'t str>) -> Self {
        let items = items.fold(Self::new(), |list, item| list.text("member", item));
        self.nested(name, items)
    }
}

/// Characters that XML 1.0 has no place for become U+FFFD.
fn push_escaped(xml: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => xml.push('\u{fffd}'),
            c => xml.push(c),
        }
    }
}

/// A whole answer.
pub(super) fn document(
    status: StatusCode,
    root: &str,
    namespace: &str,
    content: Element,
) -> Response {
    xml_response(status, format!("<{root} xmlns=\"{namespace}\">{}</{root}>", content.xml))
}

fn xml_response(status: StatusCode, xml: String) -> Response {
    let mut response = Response::new(Body::from(xml));
    *response.status_mut() = status;
    response.headers_mut().insert(http::header::CONTENT_TYPE, HeaderValue::from_static("text/xml"));
    response
}
