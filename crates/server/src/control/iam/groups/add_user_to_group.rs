//! `AddUserToGroup`.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "AddUserToGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let (group, user) = (call.group()?.clone(), call.user()?.clone());
    control.store.add_user_to_group(group, user).await?;
    Ok(Element::nothing())
}
