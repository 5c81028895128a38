//! `DeletePolicyVersion`: not the default.

use super::version;
use crate::control::Control;
use crate::control::iam::read;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "DeletePolicyVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = read::own_policy(call)?;
    let version = call.form.parsed("VersionId", version)?;
    control.store.delete_managed_policy_version(name, version).await?;
    Ok(Element::nothing())
}
