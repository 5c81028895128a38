//! `GET /role-aliases/{alias}/credentials`.

use fleetwright_core::authorization::authorize_device;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::{RoleAliasName, ThingName};
use fleetwright_core::policy::{self, BoundThing, Request};
use fleetwright_provisioning::credentials::{ACTION, CredentialsRequest};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::refused::{Refused, json_response};
use super::request::{Client, decoded};
use super::{HttpsDevice, HttpsResponse};

/// The header by which a device names its thing.
const THING: &str = "x-amzn-iot-thingname";
/// AWS's words.
const INVALID_THING: &str = "Invalid thing name passed";
const DENIED: &str = "Access Denied";
const NO_ALIAS: &str = "Role alias does not exist";

/// What a device asks for.
pub(super) struct Asked {
    alias: RoleAliasName,
    pub(super) thing: Option<ThingName>,
}

impl Asked {
    /// Reads path and header.
    pub(super) fn read(alias: &str, headers: &HeaderMap) -> Result<Self, Refused> {
        let alias = decoded(alias).and_then(|alias| RoleAliasName::parse(&alias).ok());
        let thing = match headers.get(THING) {
            None => None,
            Some(name) => {
                let name = name.to_str().ok().and_then(|name| ThingName::parse(name).ok());
                Some(name.ok_or_else(|| Refused::access_denied(INVALID_THING))?)
            }
        };
        let alias = alias.ok_or_else(|| Refused::not_found(NO_ALIAS))?;
        Ok(Self { alias, thing })
    }
}

/// Gives credentials of the alias's role; every outcome is in the audit trail.
pub(super) async fn answer(
    client: &Client,
    device: &HttpsDevice,
    asked: Asked,
    thing: Option<BoundThing>,
) -> Result<HttpsResponse, Refused> {
    let provider = &client.https.credentials;
    let request = CredentialsRequest {
        alias: asked.alias,
        certificate: device.principal.id,
        thing,
        source: device.source_ip,
        request_id: device.request_id.clone(),
    };
    let denied = |message: &str| Refusal::new(ErrorCode::AccessDenied, message);
    // 1. The thing is the certificate's.
    let outcome = if asked.thing.is_some() && request.thing.is_none() {
        let named = asked.thing.as_ref().map(ThingName::as_str).unwrap_or_default();
        Err(denied(INVALID_THING)
            .because(format_args!("the certificate is not attached to thing {named}")))
    } else {
        // 2. The device's policies allow the alias.
        let action = format!("iot:{ACTION}");
        let resource = client.gateway.policies.arn("rolealias", request.alias.as_str());
        let needed = Request { action: &action, resource: &resource };
        let context = device.context(request.thing.as_ref());
        let decided = authorize_device(request.clone(), &[needed], &device.policies, &context);
        match decided {
            Err(_) => Err(denied(DENIED).because(why(&needed, device, &context))),
            // 3. There is such an alias, and its role may be assumed.
            Ok(authorized) => provider.credentials(&authorized).await,
        }
    };
    provider.record(&request, outcome.as_ref()).await;
    let made = outcome?;
    Ok(json_response(
        StatusCode::OK,
        &json!({ "credentials": {
            "accessKeyId": made.access_key_id,
            "secretAccessKey": made.secret.as_str(),
            "sessionToken": made.token,
            "expiration": made.expires.utc().to_string(),
        }}),
    ))
}

/// What decided, for the log.
fn why(request: &Request<'_>, device: &HttpsDevice, context: &policy::Context<'_>) -> String {
    let explained = policy::explain(&device.policies, request, context);
    let (action, resource) = (request.action, request.resource);
    match explained.decided_by.first() {
        Some(by) => format!(
            "{action} on {resource}: {} by policy {}, version {}",
            explained.verdict.as_str(),
            by.policy,
            by.version
        ),
        None => format!("{action} on {resource}: no statement of the attached policies allows it"),
    }
}
