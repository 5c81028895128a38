//! `GetRole`.

use crate::control::Control;
use crate::control::iam::shape;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::error::Refusal;
use fleetwright_store::{Role, Tagged};

pub(super) const NAME: &str = "GetRole";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let identity = call.role()?.clone();
    let tags = control.store.tags(&Tagged::Identity(identity.clone())).await?;
    let terms = control.store.role_terms(&identity).await?;
    let found = terms.map(|terms| Role { identity, terms });
    let found = found.ok_or_else(|| Refusal::internal("a role without terms"))?;
    let role = shape::with_tags(shape::role(control, &found), &tags);
    Ok(Element::new().nested("Role", role.nested("RoleLastUsed", Element::new())))
}
