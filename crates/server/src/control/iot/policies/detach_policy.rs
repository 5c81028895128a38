//! `DetachPolicy`: what is not attached is already detached.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::PolicyName;
use fleetwright_store::PolicyTarget;

use super::target;
use crate::control::iot::members::invalid;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DetachPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let body = call.object()?;
    let text = body.members().required_text("target")?;
    let target = target(&control.home, text)?;
    let known = match &target {
        PolicyTarget::Certificate(id) => control.store.certificate_state(*id).await?.is_some(),
        PolicyTarget::ThingGroup(name) => control.store.thing_group(name).await?.is_some(),
    };
    // AWS: this operation finds nothing missing. An unknown target is an invalid one, an unknown
    // policy is already detached (service model `iot/2015-05-28`, its errors).
    if !known {
        return Err(invalid(format!("Invalid Target: '{text}' does not exist.")).into());
    }
    match control.store.detach_policy(name, target).await.map_err(Refusal::from) {
        Err(refusal) if refusal.code != ErrorCode::ResourceNotFound => Err(refusal.into()),
        _ => Ok(Answer::empty()),
    }
}
