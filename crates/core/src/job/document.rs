//! Placeholders of a job document.
//!
//! AWS: "Presigned URLs" of "Create and manage jobs".

use crate::tree::write_text;

/// One `${aws:iot:s3-presigned-url…}` of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placeholder<'a> {
    /// Its whole text.
    pub text: &'a str,
    /// `aws:iot:s3-presigned-url` or with `-v1`, `-v2`, `-upload`.
    pub kind: &'a str,
    /// What follows.
    pub value: &'a str,
}

/// Placeholders that a document may have. (ours)
pub const PLACEHOLDERS: usize = 100;

/// The placeholders of a document, in order; one that is not closed is none. Bounded by the document's
/// own length.
pub fn placeholders(document: &str) -> Vec<Placeholder<'_>> {
    let mut found = Vec::new();
    let mut rest = document;
    while let Some((_, after)) = rest.split_once("${aws:iot:") {
        let Some((inner, next)) = closed(after) else { break };
        let (kind, value) = inner.split_once(':').unwrap_or((inner, ""));
        let start = document.len() - after.len() - "${aws:iot:".len();
        let end = document.len() - next.len();
        if let Some(text) = document.get(start..end) {
            found.push(Placeholder { text, kind, value });
        }
        rest = next;
    }
    found
}

/// What stands before the brace that closes, and what follows it: a value may have `${…}` of its own.
fn closed(text: &str) -> Option<(&str, &str)> {
    let mut open = 1_usize;
    for (at, letter) in text.char_indices() {
        match letter {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some((text.get(..at)?, text.get(at + 1..)?));
        }
    }
    None
}

/// A value with what stands for the execution filled in.
pub fn of_execution(value: &str, thing: &str, job: &str, number: i64) -> String {
    value
        .replace("${thingName}", thing)
        .replace("${jobId}", job)
        .replace("${executionNumber}", &number.to_string())
}

/// A text as it stands between the quotation marks of a JSON text.
pub fn in_json(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    write_text(text, &mut quoted);
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// The document with each placeholder replaced by what `fill` says of it; one that it says nothing
/// of stays.
pub fn substituted(document: &str, fill: impl Fn(&Placeholder<'_>) -> Option<String>) -> String {
    let mut filled = document.to_owned();
    for placeholder in placeholders(document) {
        if let Some(value) = fill(&placeholder) {
            filled = filled.replacen(placeholder.text, &value, 1);
        }
    }
    filled
}
