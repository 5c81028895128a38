//! Members that the role alias operations share.

use fleetwright_core::error::Refusal;
use fleetwright_core::limits::CREDENTIAL_SECONDS;
use fleetwright_core::names::{AccountId, RoleAliasName};
use serde_json::json;

use crate::control::Control;
use crate::control::iot::Answer;
use crate::control::iot::members::{Members, invalid};

/// Characters of a role's ARN. AWS: shape `RoleArn`.
const ROLE_ARN_CHARS: std::ops::RangeInclusive<usize> = 20..=2048;

/// `roleArn`.
pub(super) fn role(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    let Some(text) = members.text("roleArn")? else { return Ok(None) };
    let parts = text.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(":role/"));
    let valid = parts.is_some_and(|(account, path)| {
        AccountId::parse(account).is_ok()
            && !path.is_empty()
            && path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-/".contains(&b))
    });
    if valid && ROLE_ARN_CHARS.contains(&text.chars().count()) {
        return Ok(Some(text.to_owned()));
    }
    let shown: String = text.chars().take(64).collect();
    Err(invalid(format!(
        "The member 'roleArn' is not valid: '{shown}' must be 20 to 2048 characters of the form \
         arn:aws:iam::ACCOUNT:role/NAME."
    )))
}

/// `credentialDurationSeconds`.
pub(super) fn duration(members: &Members<'_>) -> Result<Option<u32>, Refusal> {
    let Some(number) = members.integer("credentialDurationSeconds")? else { return Ok(None) };
    match u32::try_from(number).ok().filter(|seconds| CREDENTIAL_SECONDS.contains(seconds)) {
        Some(seconds) => Ok(Some(seconds)),
        None => Err(invalid(format!(
            "The member 'credentialDurationSeconds' is {number}; it must be from {} to {}.",
            CREDENTIAL_SECONDS.start(),
            CREDENTIAL_SECONDS.end()
        ))),
    }
}

/// What creation and update answer.
pub(super) fn answer(control: &Control, name: &RoleAliasName) -> Answer {
    Answer::json(json!({
        "roleAlias": name.as_str(),
        "roleAliasArn": control.home.arn("rolealias", name),
    }))
}
