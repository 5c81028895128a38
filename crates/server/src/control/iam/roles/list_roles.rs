//! `ListRoles`, by name.

use crate::control::Control;
use crate::control::iam::page::{Page, end};
use crate::control::iam::{read, shape};
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::RoleName;
use fleetwright_store::IdentityKind;

pub(super) const NAME: &str = "ListRoles";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = Page::read(&call.form)?;
    let prefix = read::prefix(&call.form)?;
    let kind = IdentityKind::Role;
    let found = control.store.list_identities(kind, prefix, page.after, page.size).await?;
    let mut roles = Vec::new();
    for identity in &found.items {
        let name = RoleName::parse(&identity.name).map_err(Refusal::internal)?;
        // One that is deleted in between is not listed.
        roles.extend(control.store.role(&name).await?);
    }
    let items = roles.iter().map(|role| shape::role(control, role));
    Ok(end(Element::new().list("Roles", items), found.next.as_deref()))
}
