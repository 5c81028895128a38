//! `DeletePolicy`: one that is attached to nothing and has no other version.

use fleetwright_core::names::PolicyName;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DeletePolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    control.store.delete_policy(name).await?;
    Ok(Answer::empty())
}
