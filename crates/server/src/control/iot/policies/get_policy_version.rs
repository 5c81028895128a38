//! `GetPolicyVersion`: one version with its document.

use fleetwright_core::names::PolicyName;
use serde_json::json;

use super::version_id;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "GetPolicyVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let id = version_id(call)?;
    let policy = control.store.policy(&name).await?.ok_or_else(|| not_found("policy", &name))?;
    let found = control.store.policy_version(&name, id).await?;
    let found = found.ok_or_else(|| not_found("policy version", format!("{name}, {id}")))?;
    Ok(Answer::json(json!({
        "policyArn": control.home.arn("policy", &name),
        "policyName": name.as_str(),
        "policyDocument": found.document,
        "policyVersionId": found.version.to_string(),
        "isDefaultVersion": found.is_default,
        "creationDate": found.created.epoch_seconds(),
        // A version's document never changes.
        "lastModifiedDate": found.created.epoch_seconds(),
        "generationId": policy.generation.to_string(),
    })))
}
