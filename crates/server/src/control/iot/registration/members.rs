//! Members that the operations of this family share.

use std::collections::BTreeMap;

use fleetwright_core::error::Refusal;
use fleetwright_core::names::AccountId;
use fleetwright_core::template::{Template, TemplateUse};

use fleetwright_store::{RegistrationTask, Uuid};

use crate::control::Control;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Call, not_found};

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

/// `inputFileBucket`. AWS: shape `RegistryS3BucketName`.
pub(super) fn bucket(members: &Members<'_>) -> Result<String, Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    name(members, "inputFileBucket", 3..=256, "[a-zA-Z0-9._-]", allowed)
}

/// `inputFileKey`. AWS: shape `RegistryS3KeyName`.
pub(super) fn key(members: &Members<'_>) -> Result<String, Refusal> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!_.*'()-/".contains(c);
    name(members, "inputFileKey", 1..=1024, "[a-zA-Z0-9!_.*'()-/]", allowed)
}

/// `roleArn`.
pub(super) fn role(members: &Members<'_>) -> Result<String, Refusal> {
    let text = members.required_text("roleArn")?;
    let valid = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"));
    let valid = valid.is_some_and(|(account, path)| {
        AccountId::parse(account).is_ok()
            && !path.is_empty()
            && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b))
    });
    if valid && (20..=2048).contains(&text.len()) {
        return Ok(text.to_owned());
    }
    Err(invalid(
        "The member 'roleArn' is not valid: it must be 20 to 2048 characters of the form \
         arn:aws:iam::ACCOUNT:role/NAME.",
    ))
}

fn name(
    members: &Members<'_>,
    member: &str,
    chars: std::ops::RangeInclusive<usize>,
    rule: &str,
    allowed: impl Fn(char) -> bool,
) -> Result<String, Refusal> {
    let text = members.required_text(member)?;
    if chars.contains(&text.chars().count()) && text.chars().all(allowed) {
        return Ok(text.to_owned());
    }
    Err(invalid(format!(
        "The member '{member}' is not valid: it must be {} to {} characters of {rule}.",
        chars.start(),
        chars.end()
    )))
}

/// The task of the path.
pub(super) async fn task(control: &Control, call: &Call) -> Result<RegistrationTask, Refusal> {
    let text = call.label_text("taskId")?;
    if text.chars().count() > 40 {
        return Err(invalid("The task id is not valid: it has at most 40 characters."));
    }
    let found = match uuid(text) {
        Some(id) => control.store.registration_task(id).await?,
        None => None,
    };
    found.ok_or_else(|| not_found("registration task", text))
}

/// A task's id as we write it.
fn uuid(text: &str) -> Option<Uuid> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    let id = Uuid(u128::from_str_radix(&digits, 16).ok()?.to_be_bytes());
    (id.to_string() == text).then_some(id)
}
