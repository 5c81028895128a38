//! The statements of a function's resource-based policy, as `AddPermission` makes them.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::StatementId;
use super::service_call::INVOKE;
use crate::names::AccountId;
use crate::policy::Document;
use crate::text;

/// Members of `AddPermission`, as they were sent.
#[derive(Debug, Clone, Copy)]
pub struct PermissionRequest<'a> {
    /// `StatementId`
    pub id: &'a str,
    /// `Action`: `lambda:…`, `lambda:*` or `*`.
    pub action: &'a str,
    /// `Principal`: a service, an account, an ARN of a user or role, or `*`.
    pub principal: &'a str,
    /// `SourceArn`
    pub source_arn: Option<&'a str>,
    /// `SourceAccount`
    pub source_account: Option<&'a str>,
    /// `EventSourceToken`
    pub event_source_token: Option<&'a str>,
    /// `PrincipalOrgID`
    pub principal_org_id: Option<&'a str>,
    /// `FunctionUrlAuthType`
    pub function_url_auth_type: Option<&'a str>,
    /// `InvokedViaFunctionUrl`
    pub invoked_via_function_url: Option<bool>,
}

/// Whom a statement is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvokePrincipal {
    /// `"*"`
    Anyone,
    /// A service, such as `iot.amazonaws.com`.
    Service(String),
    /// An account's root, a user or a role, by ARN.
    Aws(String),
}

/// One permission of a function's policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Permission {
    /// `Sid`
    pub id: StatementId,
    action: String,
    principal: InvokePrincipal,
    /// Operator, key, value; in the order in which they are written.
    conditions: Vec<(&'static str, &'static str, String)>,
}

/// Members of `AddPermission` that make no statement. Its `Display` is fit for the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidPermission(String);

/// A statement in AWS's order of members.
#[derive(Serialize)]
struct Statement<'a> {
    #[serde(rename = "Sid")]
    sid: &'a str,
    #[serde(rename = "Effect")]
    effect: &'static str,
    #[serde(rename = "Principal")]
    principal: Value,
    #[serde(rename = "Action")]
    action: &'a str,
    #[serde(rename = "Resource")]
    resource: &'a str,
    #[serde(rename = "Condition", skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, BTreeMap<&'static str, Value>>,
}

impl Permission {
    /// Reads the members of `AddPermission`.
    ///
    /// # Errors
    /// [`InvalidPermission`] by AWS's patterns.
    pub fn read(request: &PermissionRequest<'_>) -> Result<Self, InvalidPermission> {
        let invalid = |what: String| Err(InvalidPermission(what));
        let id =
            StatementId::parse(request.id).map_err(|rule| InvalidPermission(rule.to_string()))?;
        if !is_action(request.action) {
            let shown = shown(request.action);
            return invalid(format!(
                "the action '{shown}' is not valid: it must be lambda:NAME, lambda:* or *; a hook \
                 needs {INVOKE}"
            ));
        }
        let mut conditions = Vec::new();
        if let Some(account) = request.source_account {
            if AccountId::parse(account).is_err() {
                return invalid(format!("'{}' is no account of twelve digits", shown(account)));
            }
            conditions.push(("StringEquals", "AWS:SourceAccount", account.to_owned()));
        }
        if let Some(arn) = request.source_arn {
            if !is_arn(arn) {
                return invalid(format!(
                    "the source ARN '{}' is not valid: it must be arn:aws:SERVICE:REGION:ACCOUNT:…",
                    shown(arn)
                ));
            }
            conditions.push(("ArnLike", "AWS:SourceArn", arn.to_owned()));
        }
        if let Some(token) = request.event_source_token {
            if token.len() > 256 || !token.bytes().all(is_token_byte) {
                return invalid("the event source token is not valid".to_owned());
            }
            conditions.push(("StringEquals", "lambda:EventSourceToken", token.to_owned()));
        }
        if let Some(org) = request.principal_org_id {
            let id = org.strip_prefix("o-").unwrap_or_default();
            let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            if !(10..=32).contains(&id.len()) || !id.bytes().all(word) {
                return invalid(format!("'{}' is no id of an organization", shown(org)));
            }
            conditions.push(("StringEquals", "aws:PrincipalOrgID", org.to_owned()));
        }
        if let Some(kind) = request.function_url_auth_type {
            if !matches!(kind, "NONE" | "AWS_IAM") {
                return invalid("FunctionUrlAuthType must be NONE or AWS_IAM".to_owned());
            }
            if request.action != "lambda:InvokeFunctionUrl" {
                return invalid(
                    "FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"
                        .to_owned(),
                );
            }
            conditions.push(("StringEquals", "lambda:FunctionUrlAuthType", kind.to_owned()));
        }
        if let Some(flag) = request.invoked_via_function_url {
            conditions.push(("Bool", "lambda:InvokedViaFunctionUrl", flag.to_string()));
        }
        let principal = InvokePrincipal::parse(request.principal)?;
        let permission = Self { id, action: request.action.to_owned(), principal, conditions };
        // What the engine could not read would take the whole policy with it.
        Document::parse_resource(&policy_document(&[permission.statement("*")]))
            .map_err(|error| InvalidPermission(error.to_string()))?;
        Ok(permission)
    }

    /// The statement about a function, version or alias, by its ARN, as JSON text.
    pub fn statement(&self, resource: &str) -> String {
        let mut condition: BTreeMap<_, BTreeMap<_, Value>> = BTreeMap::new();
        for (operator, key, value) in &self.conditions {
            condition.entry(*operator).or_default().insert(*key, value.as_str().into());
        }
        let statement = Statement {
            sid: self.id.as_str(),
            effect: "Allow",
            principal: self.principal.json(),
            action: &self.action,
            resource,
            condition,
        };
        // A structure of texts is always JSON.
        serde_json::to_string(&statement).unwrap_or_default()
    }
}

/// The policy that some statements make.
pub fn policy_document(statements: &[String]) -> String {
    let list = statements.join(",");
    format!(r#"{{"Version":"2012-10-17","Id":"default","Statement":[{list}]}}"#)
}

impl InvokePrincipal {
    fn parse(text: &str) -> Result<Self, InvalidPermission> {
        let malformed = || {
            InvalidPermission(
                "The provided principal was invalid. Please check the principal and try again."
                    .to_owned(),
            )
        };
        if text == "*" {
            return Ok(Self::Anyone);
        }
        if AccountId::parse(text).is_ok() {
            return Ok(Self::Aws(format!("arn:aws:iam::{text}:root")));
        }
        let service = |end: &str| text.strip_suffix(end).is_some_and(is_host);
        if [".amazonaws.com", ".amazon.com"].into_iter().any(service) && text.len() <= 256 {
            return Ok(Self::Service(text.to_owned()));
        }
        let (account, name) = ["arn:aws:iam::", "arn:aws:sts::"]
            .into_iter()
            .find_map(|start| text.strip_prefix(start)?.split_once(':'))
            .ok_or_else(malformed)?;
        let kinds = ["user/", "role/", "assumed-role/", "federated-user/"];
        let named = |kind: &str| name.strip_prefix(kind).is_some_and(|name| !name.is_empty());
        let known = name == "root" || kinds.into_iter().any(named);
        let plain = text.len() <= 2048 && text.bytes().all(|byte| byte.is_ascii_graphic());
        if known && plain && AccountId::parse(account).is_ok() {
            return Ok(Self::Aws(text.to_owned()));
        }
        Err(malformed())
    }

    fn json(&self) -> Value {
        match self {
            Self::Anyone => "*".into(),
            Self::Service(service) => serde_json::json!({ "Service": service }),
            Self::Aws(arn) => serde_json::json!({ "AWS": arn }),
        }
    }
}

fn is_action(text: &str) -> bool {
    let name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
    text == "*" || text.strip_prefix("lambda:").is_some_and(|rest| rest == "*" || name(rest))
}

fn is_host(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    !text.is_empty() && text.bytes().all(|byte| word(byte) || matches!(byte, b'.' | b'-'))
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:…` with a region and an account of twelve digits, or
/// neither. AWS: shape `Arn`.
fn is_arn(text: &str) -> bool {
    let plain = text.len() <= 10_000 && !text.chars().any(char::is_control);
    let mut parts = text.splitn(6, ':');
    let mut next = || parts.next().unwrap_or_default();
    let (arn, partition, service) = (next(), next(), next());
    let (_, account, resource) = (next(), next(), next());
    let account = account.is_empty() || AccountId::parse(account).is_ok();
    plain
        && arn == "arn"
        && partition.starts_with("aws")
        && !service.is_empty()
        && account
        && !resource.is_empty()
}

fn shown(text: &str) -> String {
    text::shown(text).to_owned()
}

impl fmt::Display for InvalidPermission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidPermission {}
