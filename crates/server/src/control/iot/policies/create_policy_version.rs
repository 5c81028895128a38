//! `CreatePolicyVersion`: a further document; in force at once with `setAsDefault`.

use fleetwright_core::names::PolicyName;
use serde_json::json;

use super::document::{document, lines};
use crate::control::iot::lint::with_lints;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "CreatePolicyVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let default = call.query_flag("setAsDefault")?;
    let body = call.object()?;
    let (text, lints) = document(&body.members())?;
    let now = (control.clock)();
    let version = control.store.create_policy_version(name.clone(), text, default, now).await?;
    let answer = Answer::json(json!({
        "policyArn": control.home.arn("policy", &name),
        "policyDocument": version.document,
        "policyVersionId": version.version.to_string(),
        "isDefaultVersion": version.is_default,
    }));
    Ok(with_lints(answer, lines(&name, lints)))
}
