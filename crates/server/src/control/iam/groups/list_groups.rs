//! `ListGroups`, by name.

use crate::control::Control;
use crate::control::iam::page::{Page, end};
use crate::control::iam::{read, shape};
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::IdentityKind;

pub(super) const NAME: &str = "ListGroups";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = Page::read(&call.form)?;
    let prefix = read::prefix(&call.form)?;
    let kind = IdentityKind::Group;
    let found = control.store.list_identities(kind, prefix, page.after, page.size).await?;
    let items = found.items.iter().map(|found| shape::identity(control, kind, found));
    Ok(end(Element::new().list("Groups", items), found.next.as_deref()))
}
