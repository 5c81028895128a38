//! `AttachGroupPolicy`: a managed one.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "AttachGroupPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let policy = call.policy()?.clone();
    control.store.attach_managed_policy(call.group()?.clone(), policy).await?;
    Ok(Element::nothing())
}
