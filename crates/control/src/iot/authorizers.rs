//! Custom authorizers.

use std::collections::BTreeMap;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::AUTHORIZER_KEYS;
use fleetwright_core::names::AuthorizerName;
use fleetwright_provisioning::authorizers::is_public_key;
use fleetwright_store::{Authorizer, AuthorizerUpdate};
use serde_json::{Value, json};

use crate::Control;
use crate::iot::functions::{Named, function, required_function, with_function_lints};
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::MARKER;
use crate::rest::{Answer, Call, Operation, Outcome, not_found, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateAuthorizer", create_authorizer),
    operation!("DescribeAuthorizer", describe_authorizer),
    operation!("UpdateAuthorizer", update_authorizer),
    operation!("DeleteAuthorizer", delete_authorizer),
    operation!("ListAuthorizers", list_authorizers),
];

/// `CreateAuthorizer`: `ACTIVE` unless `status` is `INACTIVE`; with keys unless signing is disabled.
async fn create_authorizer(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("authorizerName", AuthorizerName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let now = control.now();
    let new = Authorizer {
        name: name.clone(),
        function_arn: required_function(control, &members, "authorizerFunctionArn")?,
        token_key_name: token_key_name(&members)?,
        signing_keys: signing_keys(&members)?.unwrap_or_default(),
        active: status(members.text("status")?)?.unwrap_or(true),
        signing_disabled: members.flag("signingDisabled")?.unwrap_or(false),
        caching: members.flag("enableCachingForHttp")?.unwrap_or(false),
        created: now,
        modified: now,
    };
    if !new.signing_disabled && (new.token_key_name.is_none() || new.signing_keys.is_empty()) {
        return Err(invalid(
            "Tokens are signed, so the members 'tokenKeyName' and 'tokenSigningPublicKeys' are \
             required; or set 'signingDisabled' to true.",
        )
        .into());
    }
    let target = new.function_arn.clone();
    control.store.create_authorizer(new, tags::tags(&members)?).await?;
    let source = control.scope.arn("authorizer", &name);
    let named = Named { member: "authorizerFunctionArn", target: &target, source: &source };
    with_function_lints(control, answer(control, &name), &named).await
}

/// `DescribeAuthorizer`.
async fn describe_authorizer(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("authorizerName", AuthorizerName::parse)?;
    let found = control.store.authorizer(&name).await?;
    let found = found.ok_or_else(|| not_found("authorizer", &name))?;
    Ok(description(control, &found))
}

/// `UpdateAuthorizer`: the members that are present.
async fn update_authorizer(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("authorizerName", AuthorizerName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let update = AuthorizerUpdate {
        function_arn: function(control, &members, "authorizerFunctionArn")?,
        token_key_name: token_key_name(&members)?,
        signing_keys: signing_keys(&members)?,
        active: status(members.text("status")?)?,
        caching: members.flag("enableCachingForHttp")?,
    };
    let target = update.function_arn.clone().unwrap_or_default();
    control.store.update_authorizer(name.clone(), update, control.now()).await?;
    let source = control.scope.arn("authorizer", &name);
    let named = Named { member: "authorizerFunctionArn", target: &target, source: &source };
    with_function_lints(control, answer(control, &name), &named).await
}

/// `DeleteAuthorizer`: one that is `INACTIVE` and not the default.
async fn delete_authorizer(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("authorizerName", AuthorizerName::parse)?;
    control.store.delete_authorizer(name).await?;
    Ok(Answer::empty())
}

/// `ListAuthorizers`, by name; of one `status` if present.
async fn list_authorizers(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, AuthorizerName::parse)?;
    let ascending = call.query_flag("isAscendingOrder")?;
    let active = status(call.query_text("status")?)?;
    let found = control.store.list_authorizers(active, after, page.size, ascending).await?;
    let next = found.next.as_ref().map(AuthorizerName::as_str);
    let items = found.items.iter().map(|name| summary(control, name));
    Ok(Answer::list("authorizers", items, &MARKER, next))
}

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
fn token_key_name(members: &Members<'_>) -> Result<Option<String>, Refusal> {
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
        if key.chars().count() > KEY_CHARS || !is_public_key(key) {
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

/// The response of creation, update and the choice of the default.
pub(super) fn answer(control: &Control, name: &AuthorizerName) -> Answer {
    Answer::json(summary(control, name))
}

/// An authorizer in a list.
fn summary(control: &Control, name: &AuthorizerName) -> Value {
    json!({
        "authorizerName": name.as_str(),
        "authorizerArn": control.scope.arn("authorizer", name),
    })
}

/// `authorizerDescription`.
pub(super) fn description(control: &Control, found: &Authorizer) -> Answer {
    let mut description = json!({
        "authorizerName": found.name.as_str(),
        "authorizerArn": control.scope.arn("authorizer", &found.name),
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
