//! `ListGroupsForUser`: ten at most, one page.

use crate::control::Control;
use crate::control::iam::page::end;
use crate::control::iam::shape;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::IdentityKind;

pub(super) const NAME: &str = "ListGroupsForUser";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let groups = control.store.groups_of_user(call.user()?).await?;
    let items = groups.iter().map(|group| shape::identity(control, IdentityKind::Group, group));
    Ok(end(Element::new().list("Groups", items), None))
}
