//! Inline policies of users, groups and roles.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::names::PolicyName;
use fleetwright_store::IdentityKind::{self, Group, Role, User};

use crate::Control;
use crate::iam::lint::lines;
use crate::iam::page::{Page, end};
use crate::iam::{read, shape};
use crate::lint::xml_with_lints;
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("PutUserPolicy", put, User),
    operation!("GetUserPolicy", get, User),
    operation!("DeleteUserPolicy", delete, User),
    operation!("ListUserPolicies", list, User),
    operation!("PutGroupPolicy", put, Group),
    operation!("GetGroupPolicy", get, Group),
    operation!("DeleteGroupPolicy", delete, Group),
    operation!("ListGroupPolicies", list, Group),
    operation!("PutRolePolicy", put, Role),
    operation!("GetRolePolicy", get, Role),
    operation!("DeleteRolePolicy", delete, Role),
    operation!("ListRolePolicies", list, Role),
];

/// `Put…Policy`: a new policy, or another document of one.
async fn put(control: &Control, call: &Authorized<Call>, kind: IdentityKind) -> Outcome {
    let form = &call.form;
    let (of, name) = (call.identity(kind)?.clone(), read::policy_name(form)?);
    let (document, lints) = read::document(form, &control.scope)?;
    let lines = lines(&format!("policy {name} of {} {}", kind.word(), of.name), &lints);
    control.store.put_inline_policy(of, name, document).await?;
    Ok(xml_with_lints(Element::nothing(), lines))
}

/// `Get…Policy`.
async fn get(control: &Control, call: &Authorized<Call>, kind: IdentityKind) -> Outcome {
    let (of, name) = (call.identity(kind)?.clone(), read::policy_name(&call.form)?);
    let document = control.store.inline_policy(&of, &name).await?;
    Ok(Element::new()
        .text(shape::name_and_id(kind).0, &of.name)
        .text("PolicyName", name.as_str())
        .text("PolicyDocument", &shape::encoded(&document)))
}

/// `Delete…Policy`.
async fn delete(control: &Control, call: &Authorized<Call>, kind: IdentityKind) -> Outcome {
    let (of, name) = (call.identity(kind)?.clone(), read::policy_name(&call.form)?);
    control.store.delete_inline_policy(of, name).await?;
    Ok(Element::nothing())
}

/// `List…Policies`: their names.
async fn list(control: &Control, call: &Authorized<Call>, kind: IdentityKind) -> Outcome {
    let page = Page::read(&call.form)?;
    let found = control.store.inline_policies(call.identity(kind)?).await?;
    let (names, next) = page.cut(found, |name| name.as_str().to_owned());
    let list = Element::new().texts("PolicyNames", names.iter().map(PolicyName::as_str));
    Ok(end(list, next.as_deref()))
}
