//! `UpdateAssumeRolePolicy`: another trust policy.

use crate::control::Control;
use crate::control::iam::read;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::RoleUpdate;

pub(super) const NAME: &str = "UpdateAssumeRolePolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let role = call.role()?.clone();
    let trust = Some(read::trust(&call.form, "PolicyDocument")?);
    control.store.update_role(role, RoleUpdate { trust, ..RoleUpdate::default() }).await?;
    Ok(Element::nothing())
}
