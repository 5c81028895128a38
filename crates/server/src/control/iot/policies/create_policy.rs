//! `CreatePolicy`: version 1 of a new policy, its default.

use fleetwright_core::names::PolicyName;
use serde_json::json;

use super::document::{document, lines};
use crate::control::iot::lint::with_lints;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, tags};

pub(super) const NAME: &str = "CreatePolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let (text, lints) = document(&members)?;
    let tags = tags::tags(&members)?;
    let policy = control.store.create_policy(name, text, tags, (control.clock)()).await?;
    let answer = Answer::json(json!({
        "policyName": policy.name.as_str(),
        "policyArn": control.home.arn("policy", &policy.name),
        "policyDocument": policy.document,
        "policyVersionId": policy.default_version.to_string(),
    }));
    Ok(with_lints(answer, lines(&policy.name, lints)))
}
