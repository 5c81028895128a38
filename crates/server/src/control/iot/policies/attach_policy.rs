//! `AttachPolicy`: to a certificate or a thing group. Twice is harmless.

use fleetwright_core::names::PolicyName;

use super::target;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "AttachPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let body = call.object()?;
    let target = target(&control.home, body.members().required_text("target")?)?;
    control.store.attach_policy(name, target).await?;
    Ok(Answer::empty())
}
