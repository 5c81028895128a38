//! `RemoveUserFromGroup`.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "RemoveUserFromGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let (group, user) = (call.group()?.clone(), call.user()?.clone());
    control.store.remove_user_from_group(group, user).await?;
    Ok(Element::nothing())
}
