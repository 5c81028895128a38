//! `ListAttachedPolicies`: of a certificate or a thing group, by name; with `recursive` also
//! those of a group's parents.

use fleetwright_core::names::PolicyName;
use serde_json::json;

use super::target;
use crate::control::Control;
use crate::control::iot::page::MARKER;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListAttachedPolicies";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let target = target(&control.home, call.label_text("target")?)?;
    let recursive = call.query_flag("recursive")?;
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, PolicyName::parse)?;
    let found = control.store.attached_policies(target, recursive, after, page.size).await?;
    let policies = found.items.iter().map(
        |name| json!({"policyName": name.as_str(), "policyArn": control.home.arn("policy", name)}),
    );
    Ok(Answer::list("policies", policies, &MARKER, found.next.as_ref().map(PolicyName::as_str)))
}
