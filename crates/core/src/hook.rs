//! The pre-provisioning hook: what it is asked and what it may answer. How its overrides meet the
//! device's parameters is [`crate::template::Inputs`]' matter.
//!
//! AWS: "Pre-provisioning hooks", IoT Developer Guide. An answer that is not plainly yes refuses.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::tree::Tree;
use crate::{limits, text};

mod target;
#[cfg(test)]
mod tests;

pub use target::HookTarget;

/// What a hook is asked; serialized as a JSON object with AWS's six members. The server that asks
/// keeps it within [`limits::PAYLOAD_BYTES`] by the bounds of its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HookRequest {
    /// Id of the certificate that the connection was opened with.
    pub claim_certificate_id: String,
    /// Id of the new certificate.
    pub certificate_id: String,
    /// The new certificate.
    pub certificate_pem: String,
    /// The template that the device registers with.
    pub template_arn: String,
    /// The client id of the connection.
    pub client_id: String,
    /// The device's parameters, undeclared ones included.
    pub parameters: BTreeMap<String, String>,
}

/// A hook's decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// `allowProvisioning` is true.
    Allow {
        /// `parameterOverrides`: taken instead of the device's parameters of the same names.
        overrides: BTreeMap<String, String>,
    },
    /// `allowProvisioning` is false. Overrides that come along are not even read.
    Refuse,
}

/// An answer is no verdict, which refuses the device. For the log: it may quote the hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookAnswerError(String);

impl fmt::Display for HookAnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the hook's answer is no verdict: {}", self.0)
    }
}

impl std::error::Error for HookAnswerError {}

impl Verdict {
    /// Reads a hook's answer: a JSON object with `allowProvisioning` (true, false, or the same
    /// as text, which AWS's guide shows) and, optionally, `parameterOverrides`, an object of
    /// texts. Other members are ignored.
    ///
    /// # Errors
    /// Anything else, duplicate members included; more than [`limits::HOOK_ANSWER_BYTES`]; more
    /// or longer overrides than a device may send parameters.
    pub fn parse(answer: &[u8]) -> Result<Self, HookAnswerError> {
        let fail = |reason: String| Err(HookAnswerError(reason));
        if answer.len() > limits::HOOK_ANSWER_BYTES {
            return fail(format!("it is longer than {} bytes", limits::HOOK_ANSWER_BYTES));
        }
        let tree = Tree::from_json(answer).map_err(|error| HookAnswerError(error.to_string()))?;
        let Tree::Map(members) = &tree else {
            return fail(format!("it must be a JSON object, not {}", tree.kind()));
        };
        let allowed = match members.get("allowProvisioning") {
            Some(Tree::Bool(allowed)) => *allowed,
            Some(Tree::Text(text)) if text == "true" => true,
            Some(Tree::Text(text)) if text == "false" => false,
            Some(other) => {
                return fail(format!(
                    "allowProvisioning must be true or false, not {}",
                    other.kind()
                ));
            }
            None => return fail(without_decision(members.get("errorMessage"))),
        };
        if !allowed {
            return Ok(Self::Refuse);
        }
        let overrides = match members.get("parameterOverrides") {
            None | Some(Tree::Null) => BTreeMap::new(),
            Some(tree) => {
                tree.parameters("parameterOverrides").map_err(|error| HookAnswerError(error.0))?
            }
        };
        Ok(Self::Allow { overrides })
    }
}

/// A function that failed answers `{errorMessage, errorType, …}`, as Lambda does.
fn without_decision(error: Option<&Tree>) -> String {
    match error {
        Some(Tree::Text(text)) => {
            let shown = text::cut(text, 200);
            format!("the hook failed: {shown}")
        }
        _ => "allowProvisioning is missing".to_owned(),
    }
}
