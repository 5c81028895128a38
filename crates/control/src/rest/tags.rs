//! Tags in a request.

use std::collections::BTreeMap;

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::limits::TAGS;
use fleetwright_core::text::shown;
use serde_json::Value;

use super::members::{Members, invalid, object_item};

/// Characters of a tag's key. AWS: shape `TagKey`.
const KEY_CHARS: usize = 128;
/// Characters of a tag's value. AWS: shape `TagValue`.
const VALUE_CHARS: usize = 256;

/// Reads the member `tags`, a list of `{"Key": …, "Value": …}`; empty when absent.
///
/// # Errors
/// A key that is missing, doubled, too long or has a character outside the pattern; a value that
/// is too long; more than [`TAGS`].
pub(crate) fn tags(members: &Members<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let pairs = members.list("tags", pair)?.unwrap_or_default();
    if pairs.len() > TAGS {
        let message =
            format!("The request has {} tags; a resource has at most {TAGS}.", pairs.len());
        return Err(Refusal::new(ErrorCode::LimitExceeded, message));
    }
    let mut tags = BTreeMap::new();
    for (key, value) in pairs {
        if tags.insert(key.to_owned(), value.to_owned()).is_some() {
            return Err(invalid(format!("The tag '{key}' is given twice.")));
        }
    }
    Ok(tags)
}

fn pair<'a>(at: &str, item: &'a Value) -> Result<(&'a str, &'a str), Refusal> {
    let members = object_item(at, item)?;
    let (key, value) = (members.required_text("Key")?, members.text("Value")?.unwrap_or_default());
    check_key(key).map_err(invalid)?;
    check_value(key, value).map_err(invalid)?;
    Ok((key, value))
}

/// The rule of a tag's value, as a sentence when it is broken.
pub(crate) fn check_value(key: &str, value: &str) -> Result<(), String> {
    match value.chars().count() <= VALUE_CHARS {
        true => Ok(()),
        false => {
            Err(format!("The value of the tag '{key}' is longer than {VALUE_CHARS} characters."))
        }
    }
}

/// The rule of a tag's key, as a sentence when it is broken.
pub(crate) fn check_key(key: &str) -> Result<(), String> {
    let allowed = |c: char| {
        c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@')
    };
    let length = key.chars().count();
    if (1..=KEY_CHARS).contains(&length) && key.chars().all(allowed) {
        return Ok(());
    }
    let shown = shown(key);
    Err(format!(
        "The tag key '{shown}' is not valid: it must be 1 to {KEY_CHARS} letters, digits, spaces \
         or _.:/=+-@."
    ))
}
