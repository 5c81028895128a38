//! `AttachPrincipalPolicy`: the older name of `AttachPolicy`, for certificates.

use fleetwright_core::names::PolicyName;
use fleetwright_store::PolicyTarget;

use crate::control::iot::named::principal;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "AttachPrincipalPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let id = principal(&control.home, call.header_text("x-amzn-iot-principal")?)?;
    control.store.attach_policy(name, PolicyTarget::Certificate(id)).await?;
    Ok(Answer::empty())
}
