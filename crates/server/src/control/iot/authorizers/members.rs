//! Members that the authorizer operations share.

use std::collections::BTreeMap;

use fleetwright_core::error::Refusal;
use fleetwright_core::limits::AUTHORIZER_KEYS;
use fleetwright_core::names::AuthorizerName;
use fleetwright_store::Authorizer;
use serde_json::{Value, json};

use super::token;
use crate::control::Control;
use crate::control::iot::Answer;
use crate::control::iot::members::{Members, invalid};

/// Characters of a public key's text. AWS: shape `KeyValue`.
const KEY_CHARS: usize = 5120;
/// Characters of a key's name, and of the token's. AWS: shapes `KeyName`, `TokenKeyName`.
const NAME_CHARS: usize = 128;

/// `status`, as whether it is `ACTIVE`.
pub(super) fn status(text: Option<&str>) -> Result<Option<bool>, Refusal> {
    match text {
        None => Ok(None),
        Some("ACTIVE") => Ok(Some(true)),
        Some("INACTIVE") => Ok(Some(false)),
        Some(_) => Err(invalid("The member 'status' must be ACTIVE or INACTIVE.")),
    }
}

/// `tokenKeyName`.
pub(super) fn token_key_name(members: &Members<'_>) -> Result<Option<String>, Refusal> {
    let Some(text) = members.text("tokenKeyName")? else { return Ok(None) };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
    if (1..=NAME_CHARS).contains(&text.len()) && text.bytes().all(allowed) {
        return Ok(Some(text.to_owned()));
    }
    Err(invalid("The member 'tokenKeyName' must be 1 to 128 characters of [a-zA-Z0-9_-]."))
}

/// `tokenSigningPublicKeys`: RSA public keys, PEM, by their names.
pub(super) fn signing_keys(
    members: &Members<'_>,
) -> Result<Option<BTreeMap<String, String>>, Refusal> {
    let Some(map) = members.text_map("tokenSigningPublicKeys")? else { return Ok(None) };
    if map.len() > AUTHORIZER_KEYS {
        return Err(invalid(format!(
            "The member 'tokenSigningPublicKeys' has {} keys; the limit is {AUTHORIZER_KEYS}.",
            map.len()
        )));
    }
    let mut keys = BTreeMap::new();
    for (name, key) in map {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-');
        if !(1..=NAME_CHARS).contains(&name.len()) || !name.bytes().all(allowed) {
            return Err(invalid(
                "A name in 'tokenSigningPublicKeys' must be 1 to 128 characters of \
                 [a-zA-Z0-9:_-].",
            ));
        }
        if key.chars().count() > KEY_CHARS || !token::is_public_key(key) {
            return Err(invalid(format!(
                "The key '{name}' of 'tokenSigningPublicKeys' must be an RSA public key of at \
                 least 2048 bits in PEM (-----BEGIN PUBLIC KEY-----), at most {KEY_CHARS} \
                 characters."
            )));
        }
        keys.insert(name.to_owned(), key.to_owned());
    }
    Ok(Some(keys))
}

/// What creation, update and the choice of the default answer.
pub(super) fn answer(control: &Control, name: &AuthorizerName) -> Answer {
    Answer::json(summary(control, name))
}

/// An authorizer in a list.
pub(super) fn summary(control: &Control, name: &AuthorizerName) -> Value {
    json!({
        "authorizerName": name.as_str(),
        "authorizerArn": control.home.arn("authorizer", name),
    })
}

/// `authorizerDescription`.
pub(super) fn description(control: &Control, found: &Authorizer) -> Answer {
    let mut description = json!({
        "authorizerName": found.name.as_str(),
        "authorizerArn": control.home.arn("authorizer", &found.name),
        "authorizerFunctionArn": found.function_arn,
        "tokenSigningPublicKeys": found.signing_keys,
        "status": if found.active { "ACTIVE" } else { "INACTIVE" },
        "creationDate": found.created.epoch_seconds(),
        "lastModifiedDate": found.modified.epoch_seconds(),
        "signingDisabled": found.signing_disabled,
        "enableCachingForHttp": found.caching,
    });
    if let (Some(name), Value::Object(members)) = (&found.token_key_name, &mut description) {
        members.insert("tokenKeyName".into(), name.as_str().into());
    }
    Answer::json(json!({ "authorizerDescription": description }))
}
