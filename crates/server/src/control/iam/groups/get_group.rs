//! `GetGroup`: the group and its users.

use crate::control::Control;
use crate::control::iam::page::{Page, end};
use crate::control::iam::{absent, shape};
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::names::GroupName;
use fleetwright_store::{IdentityKind, IdentityName};

pub(super) const NAME: &str = "GetGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = Page::read(&call.form)?;
    let group = call.form.parsed("GroupName", GroupName::parse)?;
    let users = control.store.users_of_group(&group).await?;
    let name = IdentityName::Group(group);
    let found = control.store.identity(&name).await?.ok_or_else(|| absent(&name))?;
    let (users, next) = page.cut(users, |user| user.name.to_ascii_lowercase());
    let users = users.iter().map(|user| shape::identity(control, IdentityKind::User, user));
    let group = shape::identity(control, IdentityKind::Group, &found);
    Ok(end(Element::new().nested("Group", group).list("Users", users), next.as_deref()))
}
