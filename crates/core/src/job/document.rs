//! Placeholders of a job document.
//!
//! AWS: "Presigned URLs" of "Create and manage jobs".

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

/// Placeholders of a document that are looked at. (ours)
const MOST: usize = 100;

/// The placeholders of a document, in order.
pub fn placeholders(document: &str) -> Vec<Placeholder<'_>> {
    let mut found = Vec::new();
    let mut rest = document;
    while let Some((_, after)) = rest.split_once("${aws:iot:") {
        let Some((inner, next)) = after.split_once('}') else { break };
        let (kind, value) = inner.split_once(':').unwrap_or((inner, ""));
        let start = document.len() - after.len() - "${aws:iot:".len();
        let end = document.len() - next.len();
        if let Some(text) = document.get(start..end) {
            found.push(Placeholder { text, kind, value });
        }
        if found.len() == MOST {
            break;
        }
        rest = next;
    }
    found
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
