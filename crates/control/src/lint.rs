//! Lints in an answer. AWS takes a questionable document without a word, and its answer has no
//! place for one; so they travel in a header, as a JSON array of one object each.

use serde_json::Value;

use crate::query::Element;
use crate::rest::Answer;

/// Name of the header.
pub(crate) const HEADER: &str = "x-fleetwright-lint";
/// Bytes of the header's value; further lints are left out. (ours)
const HEADER_BYTES: usize = 4096;

/// The answer with its lints, if there are any.
pub(crate) fn with_lints(answer: Answer, lines: Vec<Value>) -> Answer {
    match header(lines) {
        Some(value) => answer.header(HEADER, &value),
        None => answer,
    }
}

/// The same for an answer in XML.
pub(crate) fn xml_with_lints(answer: Element, lines: Vec<Value>) -> Element {
    answer.with_lint(header(lines))
}

/// The header's value; `None` without lints.
fn header(lines: Vec<Value>) -> Option<String> {
    let mut bytes = "[]".len();
    let fitting: Vec<Value> = lines
        .into_iter()
        .take_while(|line| {
            bytes += ascii(line).len() + 1;
            bytes <= HEADER_BYTES
        })
        .collect();
    (!fitting.is_empty()).then(|| ascii(&Value::Array(fitting)))
}

/// JSON text that a header can hold: what is not ASCII is escaped.
fn ascii(value: &Value) -> String {
    let mut text = String::new();
    let mut units = [0; 2];
    for c in value.to_string().chars() {
        if c.is_ascii() {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}
