//! `UpdateRole`: description and longest session, what is sent of them.

use super::MAX_SESSION;
use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::RoleUpdate;

pub(super) const NAME: &str = "UpdateRole";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let form = &call.form;
    let role = call.role()?.clone();
    let update = RoleUpdate {
        trust: None,
        description: form.text("Description", 0..=1000)?.map(str::to_owned),
        max_session: form.integer("MaxSessionDuration", MAX_SESSION)?,
    };
    control.store.update_role(role, update).await?;
    Ok(Element::new())
}
