//! `AddUserToGroup`.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::names::{GroupName, UserName};

pub(super) const NAME: &str = "AddUserToGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let group = call.form.parsed("GroupName", GroupName::parse)?;
    let user = call.form.parsed("UserName", UserName::parse)?;
    control.store.add_user_to_group(group, user).await?;
    Ok(Element::nothing())
}
