//! `ListPolicyVersions`: all of them, newest first.

use fleetwright_core::names::PolicyName;
use serde_json::{Value, json};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListPolicyVersions";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let found = control.store.policy_versions(&name).await?;
    let versions = found.iter().map(|version| {
        json!({
            "versionId": version.version.to_string(),
            "isDefaultVersion": version.is_default,
            "createDate": version.created.epoch_seconds(),
        })
    });
    Ok(Answer::json(json!({ "policyVersions": versions.collect::<Vec<Value>>() })))
}
