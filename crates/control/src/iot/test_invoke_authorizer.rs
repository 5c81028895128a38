//! `TestInvokeAuthorizer`.

use std::collections::BTreeMap;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::authorizer::{
    AuthorizerAnswer, AuthorizerRequest, ConnectionMetadata, HttpData, MqttData, ProtocolData,
    TlsData,
};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::AuthorizerName;
use fleetwright_host::random;
use fleetwright_provisioning::authorizers::is_signed;
use fleetwright_store::Authorizer;
use serde_json::json;

use crate::Control;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!("TestInvokeAuthorizer", test_invoke_authorizer)];

/// Characters of a token. AWS: shape `Token`.
const TOKEN_CHARS: usize = 6144;
/// Characters of a token's signature. AWS: shape `TokenSignature`.
const SIGNATURE_CHARS: usize = 2560;
/// Characters of a query. AWS: shape `HttpQueryString`.
const QUERY_CHARS: usize = 4096;
/// Characters of a server's name. AWS: shape `ServerName`.
const SERVER_NAME_CHARS: usize = 253;
/// Characters of a client id, user name or password. AWS: shapes `MqttClientId` and the like.
const MQTT_CHARS: usize = 65_535;

/// `TestInvokeAuthorizer`: calls an authorizer as the gateway would, for a client that only the
/// request describes.
async fn test_invoke_authorizer(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Which authorizer, and what of the client.
    let name = call.label("authorizerName", AuthorizerName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let protocol_data = protocols(&members)?;
    let found = control.store.authorizer(&name).await?;
    let found = found.ok_or_else(|| not_found("authorizer", &name))?;
    // 2. A token that is not signed as it must be never reaches the function.
    let (token, signature_verified) = verify(&found, &members)?;
    // 3. The function.
    let mut protocols = Vec::new();
    protocols.extend(protocol_data.tls.is_some().then_some("tls"));
    protocols.extend(protocol_data.http.is_some().then_some("http"));
    protocols.extend(protocol_data.mqtt.is_some().then_some("mqtt"));
    let request = AuthorizerRequest {
        token,
        signature_verified,
        protocols,
        protocol_data,
        connection_metadata: ConnectionMetadata { id: random::uuid()?.to_string() },
    };
    let answer = match control.provisioning.authorizers().invoke(&found, &request).await {
        Ok(bytes) => AuthorizerAnswer::parse(&bytes, false).map_err(|error| not_valid(&error))?,
        Err(cause) => {
            let failed = format!("The function of the authorizer '{name}' gave no answer.");
            return Err(Refusal::new(ErrorCode::InvalidResponse, failed).because(cause).into());
        }
    };
    // 4. Its response.
    Ok(Answer::json(json!({
        "isAuthenticated": answer.is_authenticated,
        "principalId": answer.principal_id,
        "policyDocuments": answer.policy_documents,
        "refreshAfterInSeconds": answer.refresh_after,
        "disconnectAfterInSeconds": answer.disconnect_after,
    })))
}

fn not_valid(error: &impl std::fmt::Display) -> Refusal {
    // The caller wrote the function, so its fault is theirs to read.
    Refusal::new(ErrorCode::InvalidResponse, format!("Invalid response: {error}."))
}

fn verify(found: &Authorizer, members: &Members<'_>) -> Result<(Option<String>, bool), Refusal> {
    let token = members.bounded_text("token", TOKEN_CHARS)?;
    let signature = members.bounded_text("tokenSignature", SIGNATURE_CHARS)?;
    if found.signing_disabled {
        return Ok((token.map(str::to_owned), false));
    }
    let (Some(token), Some(signature)) = (token, signature) else {
        return Err(invalid(format!(
            "The authorizer '{}' takes signed tokens: the members 'token' and 'tokenSignature' \
             are required.",
            found.name
        )));
    };
    if is_signed(token, signature, found.signing_keys.values().map(String::as_str)) {
        return Ok((Some(token.to_owned()), true));
    }
    Err(Refusal::new(
        ErrorCode::Unauthorized,
        format!(
            "No key of the authorizer '{}' made the token's signature: it must be RSA PKCS#1 \
             v1.5 with SHA-256 over the token, in Base64.",
            found.name
        ),
    ))
}

fn protocols(members: &Members<'_>) -> Result<ProtocolData, Refusal> {
    let given = |members: &Members<'_>, name: &str, max: usize| {
        members.bounded_text(name, max).map(|text| text.map(str::to_owned))
    };
    let bounded = |members: &Members<'_>, name: &str, max: usize| {
        given(members, name, max).map(Option::unwrap_or_default)
    };
    Ok(ProtocolData {
        tls: members.object("tlsContext", |tls| {
            let server_name = given(&tls, "serverName", SERVER_NAME_CHARS)?;
            Ok(TlsData { server_name, ..TlsData::default() })
        })?,
        http: members.object("httpContext", |http| {
            let headers: BTreeMap<_, _> = http.text_map("headers")?.unwrap_or_default();
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            Ok(HttpData {
                headers: headers.into_iter().map(owned).collect(),
                query_string: bounded(&http, "queryString", QUERY_CHARS)?,
            })
        })?,
        mqtt: members.object("mqttContext", |mqtt| {
            Ok(MqttData {
                username: given(&mqtt, "username", MQTT_CHARS)?,
                // Base64 on the wire as for the function.
                password: given(&mqtt, "password", MQTT_CHARS.div_ceil(3) * 4)?,
                client_id: bounded(&mqtt, "clientId", MQTT_CHARS)?,
            })
        })?,
    })
}
