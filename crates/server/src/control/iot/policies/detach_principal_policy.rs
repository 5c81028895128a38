//! `DetachPrincipalPolicy`: the older name of `DetachPolicy`, for certificates; here an unknown
//! policy or principal is not found.

use fleetwright_core::names::PolicyName;
use fleetwright_store::PolicyTarget;

use crate::control::iot::named::principal;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DetachPrincipalPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let id = principal(&control.home, call.header_text("x-amzn-iot-principal")?)?;
    control.store.detach_policy(name, PolicyTarget::Certificate(id)).await?;
    Ok(Answer::empty())
}
