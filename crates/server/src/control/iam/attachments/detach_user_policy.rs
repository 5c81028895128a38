//! `DetachUserPolicy`: a managed one.

use crate::control::Control;
use crate::control::iam::read;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "DetachUserPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let policy = read::policy_key(control, &call.form)?;
    control.store.detach_managed_policy(read::user(&call.form)?, policy).await?;
    Ok(Element::nothing())
}
