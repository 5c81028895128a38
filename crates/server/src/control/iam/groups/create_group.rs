//! `CreateGroup`.

use crate::control::Control;
use crate::control::iam::{read, shape};
use crate::control::query::{Call, Element, Outcome};
use crate::credentials::fresh_id;
use fleetwright_core::names::GroupName;
use fleetwright_store::{IdentityKind, IdentityName, NewIdentity};
use std::collections::BTreeMap;

pub(super) const NAME: &str = "CreateGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let new = NewIdentity {
        name: call.form.parsed("GroupName", GroupName::parse).map(IdentityName::Group)?,
        path: read::path(&call.form)?,
        unique_id: fresh_id("AGPA")?,
        role: None,
        tags: BTreeMap::new(),
    };
    let made = control.store.create_identity(new, (control.clock)()).await?;
    Ok(Element::new().nested("Group", shape::identity(control, IdentityKind::Group, &made)))
}
