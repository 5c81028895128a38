//! `GetPolicy`: a policy with the document of its default version.

use fleetwright_core::names::PolicyName;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "GetPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let found = control.store.policy(&name).await?.ok_or_else(|| not_found("policy", &name))?;
    Ok(Answer::json(json!({
        "policyName": found.name.as_str(),
        "policyArn": control.home.arn("policy", &found.name),
        "policyDocument": found.document,
        "defaultVersionId": found.default_version.to_string(),
        "creationDate": found.created.epoch_seconds(),
        "lastModifiedDate": found.modified.epoch_seconds(),
        "generationId": found.generation.to_string(),
    })))
}
