//! What users, groups and roles have in common.

use fleetwright_core::authorization::Authorized;
use fleetwright_store::IdentityKind::{self, Group, Role, User};

use crate::Control;
use crate::iam::page::{Page, end};
use crate::iam::{read, shape};
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("DeleteUser", delete, User),
    operation!("DeleteGroup", delete, Group),
    operation!("DeleteRole", delete, Role),
    operation!("ListUsers", list, User),
    operation!("ListGroups", list, Group),
];

/// `DeleteUser`, `DeleteGroup`, `DeleteRole`: without policies, keys and members.
async fn delete(control: &Control, call: &Authorized<Call>, kind: IdentityKind) -> Outcome {
    control.store.delete_identity(call.identity(kind)?.clone()).await?;
    Ok(Element::nothing())
}

/// `ListUsers`, `ListGroups`, by name.
async fn list(control: &Control, call: &Authorized<Call>, kind: IdentityKind) -> Outcome {
    let page = Page::read(&call.form)?;
    let prefix = read::prefix(&call.form)?;
    let found = control.store.list_identities(kind, prefix, page.after, page.size).await?;
    let items = found.items.iter().map(|found| shape::identity(control, kind, found));
    let name = if kind == User { "Users" } else { "Groups" };
    Ok(end(Element::new().list(name, items), found.next.as_deref()))
}
