//! Parameters of a form: `Name=value`, lists as `Tags.member.1.Key=…`.

use std::collections::BTreeMap;

use fleetwright_core::text::shown;
use percent_encoding::percent_decode;

use super::error::invalid;
use crate::error::ApiError;

/// Parameters of one request. (ours)
const PARAMETERS_MAX: usize = 512;

/// The parameters, decoded; each stands once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Form(BTreeMap<String, String>);

impl Form {
    /// Reads a body.
    pub(crate) fn read(body: &[u8]) -> Result<Self, ApiError> {
        let mut parameters = BTreeMap::new();
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
                Some(at) => {
                    let (name, value) = pair.split_at(at);
                    (name, value.get(1..).unwrap_or_default())
                }
                None => (pair, &[][..]),
            };
            let (name, value) = (decode(name)?, decode(value)?);
            if parameters.contains_key(&name) {
                let shown = shown(&name);
                return Err(invalid(format!("The parameter '{shown}' is sent twice.")));
            }
            parameters.insert(name, value);
            if parameters.len() > PARAMETERS_MAX {
                return Err(invalid(format!("There are more than {PARAMETERS_MAX} parameters.")));
            }
        }
        Ok(Self(parameters))
    }

    /// A parameter's value; an empty one counts as sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The names of the parameters.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The prefixes `NAME.member.1`, `NAME.member.2` … of a list's items, in order, as far as
    /// they are sent without a gap; none for an absent or empty list.
    pub(crate) fn items(&self, name: &str) -> impl Iterator<Item = String> + '_ {
        let name = name.to_owned();
        (1..=PARAMETERS_MAX).map(move |n| format!("{name}.member.{n}")).take_while(|item| {
            let inside = format!("{item}.");
            self.0.contains_key(item)
                || self
                    .0
                    .range(inside.clone()..)
                    .next()
                    .is_some_and(|(key, _)| key.starts_with(&inside))
        })
    }
}

fn decode(part: &[u8]) -> Result<String, ApiError> {
    let spaced: Vec<u8> =
        part.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8();
    decoded.map(std::borrow::Cow::into_owned).map_err(|_| {
        invalid("The body is not UTF-8 once percent-decoded; send it as a form in UTF-8.")
    })
}
