//! `DeletePolicyVersion`: never the default one.

use fleetwright_core::names::PolicyName;

use super::version_id;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeletePolicyVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    control.store.delete_policy_version(name, version_id(call)?, (control.clock)()).await?;
    Ok(Answer::empty())
}
