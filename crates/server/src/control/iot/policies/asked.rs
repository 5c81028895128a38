//! What `TestAuthorization` is asked: the member `authInfos`.

use fleetwright_core::error::Refusal;
use serde_json::Value;

use crate::control::iot::members::{Members, invalid};

/// Requests of one call. AWS: shape `AuthInfos`.
const AUTH_INFOS: usize = 10;
/// Characters of a resource. AWS: shape `Resource`.
const RESOURCE_CHARS: usize = 2048;
/// Resources of one request. (ours)
const RESOURCES: usize = 100;
/// `actionType` and the action that it stands for.
const ACTIONS: [(&str, &str); 4] = [
    ("CONNECT", "iot:Connect"),
    ("PUBLISH", "iot:Publish"),
    ("RECEIVE", "iot:Receive"),
    ("SUBSCRIBE", "iot:Subscribe"),
];

/// One action on some resources.
pub(super) struct Asked {
    /// As it was sent.
    pub(super) action_type: &'static str,
    /// The action of policies.
    pub(super) action: &'static str,
    /// ARNs.
    pub(super) resources: Vec<String>,
}

impl Asked {
    /// A CONNECT is a plain, clean one.
    pub(super) fn connect_attributes(&self) -> Option<&'static [&'static str]> {
        (self.action_type == "CONNECT").then_some(&[])
    }
}

/// Reads the member `authInfos`.
pub(super) fn asked(members: &Members<'_>) -> Result<Vec<Asked>, Refusal> {
    let asked = members.list("authInfos", read)?;
    let asked = asked.ok_or_else(|| invalid("The member 'authInfos' is required."))?;
    if (1..=AUTH_INFOS).contains(&asked.len()) {
        return Ok(asked);
    }
    Err(invalid(format!(
        "The member 'authInfos' has {} items; it must have 1 to {AUTH_INFOS}.",
        asked.len()
    )))
}

fn read(at: &str, item: &Value) -> Result<Asked, Refusal> {
    let object = item.as_object();
    let object = object.ok_or_else(|| invalid(format!("The member '{at}' must be an object.")))?;
    let members = Members::nested(at, object);
    let wanted = members.required_text("actionType")?;
    let known = ACTIONS.into_iter().find(|(action_type, _)| *action_type == wanted);
    let (action_type, action) = known.ok_or_else(|| {
        invalid(format!(
            "The member '{at}.actionType' must be CONNECT, PUBLISH, RECEIVE or SUBSCRIBE."
        ))
    })?;
    let resources = members.names("resources", resource)?;
    if !(1..=RESOURCES).contains(&resources.len()) {
        return Err(invalid(format!(
            "The member '{at}.resources' must have 1 to {RESOURCES} ARNs."
        )));
    }
    Ok(Asked { action_type, action, resources })
}

fn resource(text: &str) -> Result<String, String> {
    if text.starts_with("arn:") && text.chars().count() <= RESOURCE_CHARS {
        return Ok(text.to_owned());
    }
    let shown: String = text.chars().take(128).collect();
    Err(format!(
        "the resource '{shown}' is not valid: it must be an ARN of at most {RESOURCE_CHARS} \
         characters, such as arn:aws:iot:us-east-1:123456789012:topic/a"
    ))
}
