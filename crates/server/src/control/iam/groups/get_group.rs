//! `GetGroup`: the group and its users.

use crate::control::Control;
use crate::control::iam::page::{Page, end};
use crate::control::iam::shape;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::IdentityKind;

pub(super) const NAME: &str = "GetGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = Page::read(&call.form)?;
    let found = call.group()?;
    let users = control.store.users_of_group(found).await?;
    let (users, next) = page.cut(users, |user| user.name.to_ascii_lowercase());
    let users = users.iter().map(|user| shape::identity(control, IdentityKind::User, user));
    let group = shape::identity(control, IdentityKind::Group, found);
    Ok(end(Element::new().nested("Group", group).list("Users", users), next.as_deref()))
}
