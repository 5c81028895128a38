//! Members that the operations of this family share.

use std::collections::BTreeMap;

use fleetwright_core::error::Refusal;
use fleetwright_core::template::{Template, TemplateUse};

use crate::control::iot::members::{Members, invalid};

/// Characters of a parameter's name. AWS: shape `Parameter`.
const KEY_CHARS: usize = 2048;
/// Characters of a parameter's value. AWS: shape `Value`.
const VALUE_CHARS: usize = 4096;

/// `templateBody`, its text and what it says.
pub(super) fn template<'a>(members: &Members<'a>) -> Result<(&'a str, Template), Refusal> {
    let text = members.required_text("templateBody")?;
    Ok((text, Template::parse(text, TemplateUse::Bulk)?))
}

/// `parameters`.
pub(super) fn parameters(members: &Members<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let given = members.text_map("parameters")?.unwrap_or_default();
    for (key, value) in &given {
        if key.chars().count() > KEY_CHARS || value.chars().count() > VALUE_CHARS {
            let shown: String = key.chars().take(64).collect();
            return Err(invalid(format!(
                "The parameter '{shown}' is too long: names have at most {KEY_CHARS} characters, \
                 values {VALUE_CHARS}."
            )));
        }
    }
    Ok(given.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
}
