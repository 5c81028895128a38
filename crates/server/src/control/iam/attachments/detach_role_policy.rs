//! `DetachRolePolicy`: a managed one.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "DetachRolePolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let policy = call.policy()?.clone();
    control.store.detach_managed_policy(call.role()?.clone(), policy).await?;
    Ok(Element::nothing())
}
