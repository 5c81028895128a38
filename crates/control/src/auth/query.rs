//! A query string: decoded for the operations, encoded again for the signature.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::error::AuthError;

/// All but the unreserved characters of RFC 3986, as Signature Version 4 wants.
pub(super) const RESERVED: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// Parameters of one query. (ours)
const PARAMETERS_MAX: usize = 128;

/// The parameters of a query in the order of sending, decoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads the part after `?`. A plus sign stands for itself: no AWS client writes a space so.
    pub(crate) fn parse(text: &str) -> Result<Self, AuthError> {
        let mut pairs = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            pairs.push((decode(key)?.into_owned(), decode(value)?.into_owned()));
            if pairs.len() > PARAMETERS_MAX {
                return Err(AuthError::Malformed("the query has too many parameters".into()));
            }
        }
        Ok(Self(pairs))
    }

    /// The names of the parameters, as sent.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// All values of a parameter, in order.
    pub(crate) fn all<'q>(&'q self, name: &str) -> impl Iterator<Item = &'q str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The only value of a parameter of the signature.
    pub(super) fn single(&self, name: &str) -> Result<Option<&str>, AuthError> {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        let first = values.next().map(|(_, value)| value.as_str());
        if values.next().is_some() {
            return Err(AuthError::incomplete(format!("the query has '{name}' twice")));
        }
        Ok(first)
    }

    /// The canonical form: encoded, sorted by the encoded name, then value; without the signature.
    pub(super) fn canonical(&self) -> String {
        self.canonical_without(&["X-Amz-Signature"])
    }

    /// The same without parameters of these names.
    pub(super) fn canonical_without(&self, left_out: &[&str]) -> String {
        let encode = |text| utf8_percent_encode(text, RESERVED).to_string();
        let mut pairs: Vec<(String, String)> = self
            .0
            .iter()
            .filter(|(key, _)| !left_out.contains(&key.as_str()))
            .map(|(key, value)| (encode(key), encode(value)))
            .collect();
        pairs.sort();
        let pairs: Vec<String> =
            pairs.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join("&")
    }
}

/// Percent-decodes one part of a path or query.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, AuthError> {
    percent_decode_str(text).decode_utf8().map_err(|_| {
        AuthError::Malformed("the request's address is not UTF-8 once percent-decoded".into())
    })
}
