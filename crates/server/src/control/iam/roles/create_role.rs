//! `CreateRole`: who may assume it stands in its trust policy.

use super::MAX_SESSION;
use crate::control::Control;
use crate::control::iam::{read, shape};
use crate::control::query::{Call, Element, Outcome};
use crate::credentials::fresh_id;
use fleetwright_core::names::RoleName;
use fleetwright_store::{IdentityName, NewIdentity, Role, RoleTerms};

pub(super) const NAME: &str = "CreateRole";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let form = &call.form;
    let description = form.text("Description", 0..=1000)?.unwrap_or_default().to_owned();
    let max_session = form.integer("MaxSessionDuration", MAX_SESSION)?.unwrap_or(3600);
    let trust = read::trust(form, "AssumeRolePolicyDocument")?;
    let (name, tags) = (form.parsed("RoleName", RoleName::parse)?, form.tags()?);
    let terms = RoleTerms { trust, description, max_session };
    let new = NewIdentity {
        name: IdentityName::Role(name),
        path: read::path(form)?,
        unique_id: fresh_id("AROA")?,
        role: Some(terms.clone()),
        tags: tags.clone(),
    };
    let identity = control.store.create_identity(new, (control.clock)()).await?;
    let role = shape::role(control, &Role { identity, terms });
    Ok(Element::new().nested("Role", shape::with_tags(role, &tags)))
}
