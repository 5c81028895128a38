//! `UpdateRole`: description and longest session, what is sent of them.

use super::MAX_SESSION;
use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::names::RoleName;
use fleetwright_store::RoleUpdate;

pub(super) const NAME: &str = "UpdateRole";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let form = &call.form;
    let name = form.parsed("RoleName", RoleName::parse)?;
    let update = RoleUpdate {
        trust: None,
        description: form.text("Description", 0..=1000)?.map(str::to_owned),
        max_session: form.integer("MaxSessionDuration", MAX_SESSION)?,
    };
    control.store.update_role(name, update).await?;
    Ok(Element::new())
}
