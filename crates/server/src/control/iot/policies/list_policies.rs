//! `ListPolicies`, by name.

use fleetwright_core::names::PolicyName;
use serde_json::json;

use crate::control::Control;
use crate::control::iot::page::MARKER;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListPolicies";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, PolicyName::parse)?;
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_policies(after, page.size, ascending).await?;
    let policies = found.items.iter().map(
        |name| json!({"policyName": name.as_str(), "policyArn": control.home.arn("policy", name)}),
    );
    Ok(Answer::list("policies", policies, &MARKER, found.next.as_ref().map(PolicyName::as_str)))
}
