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

mod presented;
#[cfg(test)]
mod tests;

pub use presented::{AUTHORIZER_NAME, Parameters, TOKEN_SIGNATURE};

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
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsData {
    /// The name that the client asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub server_name: Option<String>,
    /// The client's certificate, PEM, where it has to have one.
    #[serde(rename = "x509CertificatePem", skip_serializing_if = "Option::is_none")]
    pub certificate_pem: Option<String>,
    /// That certificate's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal_id: Option<String>,
}

/// What HTTP tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpData {
    /// Headers.
    pub headers: BTreeMap<String, String>,
    /// The query with its `?`; empty where there is none.
    pub query_string: String,
}

/// What MQTT tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MqttData {
    /// The user name as it was sent, with its query.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The password in Base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
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
    /// Seconds after which the function is asked again, as it answered.
    pub refresh_after: Option<u64>,
    /// Seconds after which the connection ends, as it answered.
    pub disconnect_after: Option<u64>,
}

impl AuthorizerAnswer {
    /// Seconds after which the function is asked again, within [`limits::AUTHORIZER_SECONDS`]; `None`
    /// for never.
    pub fn refresh_in_force(&self) -> Option<u64> {
        self.refresh_after.map(within)
    }

    /// Seconds after which the connection ends, within [`limits::AUTHORIZER_SECONDS`]: the longest,
    /// where nothing was answered.
    pub fn disconnect_in_force(&self) -> u64 {
        self.disconnect_after.map_or(*limits::AUTHORIZER_SECONDS.end(), within)
    }
}

fn within(seconds: u64) -> u64 {
    let (least, most) = limits::AUTHORIZER_SECONDS.into_inner();
    seconds.clamp(least, most)
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
    /// texts of at most [`limits::AUTHORIZER_POLICY_CHARS`] characters; `with_certificate` says that
    /// they are added to those of the client's certificate, and may be left out. Other members are
    /// ignored.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(answer: &[u8], with_certificate: bool) -> Result<Self, AuthorizerAnswerError> {
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
            policy_documents: match members.get("policyDocuments") {
                None | Some(Tree::Null) if with_certificate => Vec::new(),
                found => policies(found)?,
            },
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
    if text.chars().count() > limits::AUTHORIZER_POLICY_CHARS {
        let most = limits::AUTHORIZER_POLICY_CHARS;
        return fail(format!("policyDocuments[{index}] has more than {most} characters"));
    }
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
    match number {
        Some(number) => Ok(Some(number)),
        None => fail(format!("{name} must be a whole number of seconds")),
    }
}
