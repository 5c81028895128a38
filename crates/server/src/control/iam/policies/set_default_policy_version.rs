//! `SetDefaultPolicyVersion`: in force at once.

use super::version;
use crate::control::Control;
use crate::control::iam::read;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "SetDefaultPolicyVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = read::own_policy(call)?;
    let version = call.form.parsed("VersionId", version)?;
    control.store.set_default_managed_version(name, version, (control.clock)()).await?;
    Ok(Element::nothing())
}
