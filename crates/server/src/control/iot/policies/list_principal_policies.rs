//! `ListPrincipalPolicies`: of a certificate, by name; backwards unless `isAscendingOrder`.

use fleetwright_core::names::PolicyName;
use serde_json::json;

use super::certificate_row;
use crate::control::iot::named::principal;
use crate::control::iot::page::{MARKER, cut};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListPrincipalPolicies";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = principal(&control.home, call.header_text("x-amzn-iot-principal")?)?;
    let page = MARKER.read(call)?;
    let ascending = call.query_flag("isAscendingOrder")?;
    let row = certificate_row(control, id).await?;
    // A certificate has ten policies at most.
    let mut names = control.store.policies_for_certificate(row).await?;
    if !ascending {
        names.reverse();
    }
    let (names, next) = cut(names, &page, PolicyName::as_str);
    let policies = names.iter().map(
        |name| json!({"policyName": name.as_str(), "policyArn": control.home.arn("policy", name)}),
    );
    Ok(Answer::list("policies", policies, &MARKER, next.as_deref()))
}
