//! `GetRole`.

use crate::control::Control;
use crate::control::iam::{absent, shape};
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::names::RoleName;
use fleetwright_store::{IdentityName, Tagged};

pub(super) const NAME: &str = "GetRole";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.form.parsed("RoleName", RoleName::parse)?;
    let found = control.store.role(&name).await?;
    let name = IdentityName::Role(name);
    let found = found.ok_or_else(|| absent(&name))?;
    let tags = control.store.tags(&Tagged::Identity(name)).await?;
    let role = shape::with_tags(shape::role(control, &found), &tags);
    Ok(Element::new().nested("Role", role.nested("RoleLastUsed", Element::new())))
}
