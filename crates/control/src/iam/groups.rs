//! Groups of users.

use std::collections::BTreeMap;

use fleetwright_access::access_keys::fresh_id;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::names::GroupName;
use fleetwright_store::{IdentityKind, IdentityName, NewIdentity};

use crate::Control;
use crate::iam::page::{Page, end};
use crate::iam::{read, shape};
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateGroup", create_group),
    operation!("GetGroup", get_group),
    operation!("AddUserToGroup", add_user_to_group),
    operation!("RemoveUserFromGroup", remove_user_from_group),
    operation!("ListGroupsForUser", list_groups_for_user),
];

/// `CreateGroup`.
async fn create_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let new = NewIdentity {
        name: call.form.parsed("GroupName", GroupName::parse).map(IdentityName::Group)?,
        path: read::path(&call.form)?,
        unique_id: fresh_id("AGPA")?,
        role: None,
        tags: BTreeMap::new(),
    };
    let made = control.store.create_identity(new, control.now()).await?;
    Ok(Element::new().nested("Group", shape::identity(control, IdentityKind::Group, &made)))
}

/// `GetGroup`: the group and its users.
async fn get_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = Page::read(&call.form)?;
    let found = call.identity(IdentityKind::Group)?;
    let users = control.store.users_of_group(found).await?;
    let (users, next) = page.cut(users, |user| user.name.to_ascii_lowercase());
    let users = users.iter().map(|user| shape::identity(control, IdentityKind::User, user));
    let group = shape::identity(control, IdentityKind::Group, found);
    Ok(end(Element::new().nested("Group", group).list("Users", users), next.as_deref()))
}

/// `AddUserToGroup`.
async fn add_user_to_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let (group, user) =
        (call.identity(IdentityKind::Group)?.clone(), call.identity(IdentityKind::User)?.clone());
    control.store.add_user_to_group(group, user).await?;
    Ok(Element::nothing())
}

/// `RemoveUserFromGroup`.
async fn remove_user_from_group(control: &Control, call: &Authorized<Call>) -> Outcome {
    let (group, user) =
        (call.identity(IdentityKind::Group)?.clone(), call.identity(IdentityKind::User)?.clone());
    control.store.remove_user_from_group(group, user).await?;
    Ok(Element::nothing())
}

/// `ListGroupsForUser`: ten at most, one page.
async fn list_groups_for_user(control: &Control, call: &Authorized<Call>) -> Outcome {
    let groups = control.store.groups_of_user(call.identity(IdentityKind::User)?).await?;
    let items = groups.iter().map(|group| shape::identity(control, IdentityKind::Group, group));
    Ok(end(Element::new().list("Groups", items), None))
}
