//! Managed policies attached to users, groups and roles.

use fleetwright_core::authorization::Authorized;
use fleetwright_store::IdentityKind::{self, Group, Role, User};

use crate::Control;
use crate::iam::page::end;
use crate::iam::{read, shape};
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("AttachUserPolicy", attach, User),
    operation!("DetachUserPolicy", detach, User),
    operation!("ListAttachedUserPolicies", list, User),
    operation!("AttachGroupPolicy", attach, Group),
    operation!("DetachGroupPolicy", detach, Group),
    operation!("ListAttachedGroupPolicies", list, Group),
    operation!("AttachRolePolicy", attach, Role),
    operation!("DetachRolePolicy", detach, Role),
    operation!("ListAttachedRolePolicies", list, Role),
];

/// `Attach…Policy`.
async fn attach(control: &Control, call: &Authorized<Call>, kind: IdentityKind) -> Outcome {
    let policy = call.policy()?.clone();
    control.store.attach_managed_policy(call.identity(kind)?.clone(), policy).await?;
    Ok(Element::nothing())
}

/// `Detach…Policy`.
async fn detach(control: &Control, call: &Authorized<Call>, kind: IdentityKind) -> Outcome {
    let policy = call.policy()?.clone();
    control.store.detach_managed_policy(call.identity(kind)?.clone(), policy).await?;
    Ok(Element::nothing())
}

/// `ListAttached…Policies`: one page, as an identity has ten at most.
async fn list(control: &Control, call: &Authorized<Call>, kind: IdentityKind) -> Outcome {
    let prefix = read::prefix(&call.form)?;
    let mut found = control.store.attached_managed_policies(call.identity(kind)?).await?;
    found.retain(|policy| policy.path().starts_with(&prefix));
    Ok(end(shape::attached(control, &found), None))
}
