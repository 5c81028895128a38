//! Custom authorizers: what a function is asked about a client, and what it may answer.
//!
//! AWS: "Custom authentication and authorization", IoT Developer Guide. An answer that is not
//! plainly yes authenticates nobody.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::limits;
use crate::policy::Document;
use crate::tree::Tree;

#[cfg(test)]
mod tests;

/// Characters of a principal's id (B).
const PRINCIPAL_CHARS: usize = 128;

/// What an authorizer's function is asked; serialized as AWS's JSON object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuthorizerRequest {
    /// The token that the client sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Whether the token's signature was found good.
    pub signature_verified: bool,
    /// Which of the protocols below come along.
    pub protocols: Vec<&'static str>,
    /// What the protocols tell of the client.
    pub protocol_data: ProtocolData,
    /// Names the connection.
    pub connection_metadata: ConnectionMetadata,
}

/// What the protocols tell of the client.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ProtocolData {
    /// TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsData>,
    /// HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpData>,
    /// MQTT.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<MqttData>,
}

/// What TLS tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsData {
    /// The name that the client asked for.
    pub server_name: String,
}

/// What HTTP tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpData {
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// The query, without `?`.
    pub query_string: String,
}

/// What MQTT tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MqttData {
    /// The user name.
    pub username: String,
    /// The password in Base64.
    pub password: String,
    /// The client id.
    pub client_id: String,
}

/// Names a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConnectionMetadata {
    /// A UUID.
    pub id: String,
}

/// An authorizer's answer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuthorizerAnswer {
    /// Whether the client is who it says.
    pub is_authenticated: bool,
    /// Who that is; `Some` when authenticated.
    pub principal_id: Option<String>,
    /// The policies in force, JSON; each is a policy document.
    pub policy_documents: Vec<String>,
    /// Seconds after which the function is asked again.
    pub refresh_after: Option<u64>,
    /// Seconds after which the connection ends.
    pub disconnect_after: Option<u64>,
}

/// An answer is none. `Display` may quote the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizerAnswerError(String);

impl fmt::Display for AuthorizerAnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the authorizer's answer is not valid: {}", self.0)
    }
}

impl std::error::Error for AuthorizerAnswerError {}

impl AuthorizerAnswer {
    /// Reads a function's answer: a JSON object with `isAuthenticated`; when true, with
    /// `principalId` and at most [`limits::AUTHORIZER_POLICIES`] `policyDocuments`, objects or
    /// texts; the two times within [`limits::AUTHORIZER_SECONDS`]. Other members are ignored.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(answer: &[u8]) -> Result<Self, AuthorizerAnswerError> {
        let tree =
            Tree::from_json(answer).map_err(|error| AuthorizerAnswerError(error.to_string()))?;
        let Tree::Map(members) = &tree else {
            return fail(format!("it must be a JSON object, not {}", tree.kind()));
        };
        match members.get("isAuthenticated") {
            Some(Tree::Bool(true)) => {}
            Some(Tree::Bool(false)) => return Ok(Self::default()),
            Some(other) => {
                return fail(format!(
                    "isAuthenticated must be true or false, not {}",
                    other.kind()
                ));
            }
            None => return fail("isAuthenticated is missing".to_owned()),
        }
        Ok(Self {
            is_authenticated: true,
            principal_id: Some(principal(members.get("principalId"))?),
            policy_documents: policies(members.get("policyDocuments"))?,
            refresh_after: seconds("refreshAfterInSeconds", members.get("refreshAfterInSeconds"))?,
            disconnect_after: seconds(
                "disconnectAfterInSeconds",
                members.get("disconnectAfterInSeconds"),
            )?,
        })
    }
}

fn fail<T>(reason: String) -> Result<T, AuthorizerAnswerError> {
    Err(AuthorizerAnswerError(reason))
}

fn principal(found: Option<&Tree>) -> Result<String, AuthorizerAnswerError> {
    let rule = format!("principalId must be 1 to {PRINCIPAL_CHARS} letters and digits");
    match found {
        Some(Tree::Text(text))
            if (1..=PRINCIPAL_CHARS).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_alphanumeric()) =>
        {
            Ok(text.to_string())
        }
        _ => fail(rule),
    }
}

fn policies(found: Option<&Tree>) -> Result<Vec<String>, AuthorizerAnswerError> {
    let Some(Tree::List(items)) = found else {
        return fail("policyDocuments must be a list of policy documents".to_owned());
    };
    if items.len() > limits::AUTHORIZER_POLICIES {
        return fail(format!(
            "it has {} policyDocuments; the limit is {}",
            items.len(),
            limits::AUTHORIZER_POLICIES
        ));
    }
    items.iter().enumerate().map(|(index, item)| policy(index, item)).collect()
}

fn policy(index: usize, item: &Tree) -> Result<String, AuthorizerAnswerError> {
    let text = match item {
        Tree::Text(text) => text.clone(),
        Tree::Map(_) => item.to_json(),
        other => {
            return fail(format!(
                "policyDocuments[{index}] must be an object or a text, not {}",
                other.kind()
            ));
        }
    };
    match Document::parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => fail(format!("policyDocuments[{index}]: {error}")),
    }
}

fn seconds(name: &str, found: Option<&Tree>) -> Result<Option<u64>, AuthorizerAnswerError> {
    let number = match found {
        None | Some(Tree::Null) => return Ok(None),
        Some(Tree::Number(digits)) => digits.parse().ok(),
        Some(_) => None,
    };
    match number.filter(|number| limits::AUTHORIZER_SECONDS.contains(number)) {
        Some(number) => Ok(Some(number)),
        None => fail(format!(
            "{name} must be a whole number from {} to {}",
            limits::AUTHORIZER_SECONDS.start(),
            limits::AUTHORIZER_SECONDS.end()
        )),
    }
}
