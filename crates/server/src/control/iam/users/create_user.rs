//! `CreateUser`.

use crate::control::Control;
use crate::control::iam::{read, shape};
use crate::control::query::{Call, Element, Outcome};
use crate::credentials::fresh_id;
use fleetwright_core::names::UserName;
use fleetwright_store::{IdentityKind, IdentityName, NewIdentity};

pub(super) const NAME: &str = "CreateUser";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let form = &call.form;
    let tags = form.tags()?;
    let new = NewIdentity {
        name: form.parsed("UserName", UserName::parse).map(IdentityName::User)?,
        path: read::path(form)?,
        unique_id: fresh_id("AIDA")?,
        role: None,
        tags: tags.clone(),
    };
    let made = control.store.create_identity(new, (control.clock)()).await?;
    let user = shape::identity(control, IdentityKind::User, &made);
    Ok(Element::new().nested("User", shape::with_tags(user, &tags)))
}
