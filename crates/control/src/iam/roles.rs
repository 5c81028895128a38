//! Roles.

use fleetwright_access::access_keys::fresh_id;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::RoleName;
use fleetwright_store::{
    IdentityKind, IdentityName, NewIdentity, Role, RoleTerms, RoleUpdate, Tagged,
};

use crate::Control;
use crate::iam::lint::lines;
use crate::iam::page::{Page, end};
use crate::iam::{read, shape};
use crate::lint::xml_with_lints;
use crate::operation::operation;
use crate::query::{Call, Element, Operation, Outcome};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateRole", create_role),
    operation!("GetRole", get_role),
    operation!("ListRoles", list_roles),
    operation!("UpdateRole", update_role),
    operation!("UpdateRoleDescription", update_role_description),
    operation!("UpdateAssumeRolePolicy", update_assume_role_policy),
];

/// Longest session of a role, seconds. AWS: shape `roleMaxSessionDurationType`.
const MAX_SESSION: std::ops::RangeInclusive<u32> = 3600..=43_200;

/// `CreateRole`: its trust policy says who may assume it.
async fn create_role(control: &Control, call: &Authorized<Call>) -> Outcome {
    let form = &call.form;
    let description = form.text("Description", 0..=1000)?.unwrap_or_default().to_owned();
    let max_session = form.integer("MaxSessionDuration", MAX_SESSION)?.unwrap_or(3600);
    let (trust, lints) = read::trust(form, "AssumeRolePolicyDocument", &control.scope)?;
    let (name, tags) = (form.parsed("RoleName", RoleName::parse)?, form.tags()?);
    let terms = RoleTerms { trust, description, max_session };
    let new = NewIdentity {
        name: IdentityName::Role(name),
        path: read::path(form)?,
        unique_id: fresh_id("AROA")?,
        role: Some(terms.clone()),
        tags: tags.clone(),
    };
    let identity = control.store.create_identity(new, control.now()).await?;
    let lines = lines(&format!("trust policy of role {}", identity.name), &lints);
    let role = shape::role(control, &Role { identity, terms });
    let answer = Element::new().nested("Role", shape::with_tags(role, &tags));
    Ok(xml_with_lints(answer, lines))
}

/// `GetRole`.
async fn get_role(control: &Control, call: &Authorized<Call>) -> Outcome {
    let identity = call.identity(IdentityKind::Role)?.clone();
    let tags = control.store.tags(&Tagged::Identity(identity.clone())).await?;
    let terms = control.store.role_terms(&identity).await?;
    let found = terms.map(|terms| Role { identity, terms });
    let found = found.ok_or_else(|| Refusal::internal("a role without terms"))?;
    let role = shape::with_tags(shape::role(control, &found), &tags);
    Ok(Element::new().nested("Role", role.nested("RoleLastUsed", Element::new())))
}

/// `ListRoles`, by name.
async fn list_roles(control: &Control, call: &Authorized<Call>) -> Outcome {
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

/// `UpdateRole`: description and longest session, what is sent of them.
async fn update_role(control: &Control, call: &Authorized<Call>) -> Outcome {
    let form = &call.form;
    let role = call.identity(IdentityKind::Role)?.clone();
    let update = RoleUpdate {
        trust: None,
        description: form.text("Description", 0..=1000)?.map(str::to_owned),
        max_session: form.integer("MaxSessionDuration", MAX_SESSION)?,
    };
    control.store.update_role(role, update).await?;
    Ok(Element::new())
}

/// `UpdateRoleDescription`: the older way to say it; answers the role. Terraform uses it.
async fn update_role_description(control: &Control, call: &Authorized<Call>) -> Outcome {
    call.form.required("Description")?;
    update_role(control, call).await?;
    let identity = call.identity(IdentityKind::Role)?.clone();
    let terms = control.store.role_terms(&identity).await?;
    let terms = terms.ok_or_else(|| Refusal::internal("a role without terms"))?;
    Ok(Element::new().nested("Role", shape::role(control, &Role { identity, terms })))
}

/// `UpdateAssumeRolePolicy`: another trust policy.
async fn update_assume_role_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let role = call.identity(IdentityKind::Role)?.clone();
    let (trust, lints) = read::trust(&call.form, "PolicyDocument", &control.scope)?;
    let lines = lines(&format!("trust policy of role {}", role.name), &lints);
    let update = RoleUpdate { trust: Some(trust), ..RoleUpdate::default() };
    control.store.update_role(role, update).await?;
    Ok(xml_with_lints(Element::nothing(), lines))
}
