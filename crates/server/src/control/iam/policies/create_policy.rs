//! `CreatePolicy`: version 1 of a managed policy, its default.

use crate::control::Control;
use crate::control::iam::{read, shape};
use crate::control::query::{Call, Element, Outcome};
use crate::credentials::fresh_id;
use fleetwright_store::NewManagedPolicy;

pub(super) const NAME: &str = "CreatePolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let form = &call.form;
    let tags = form.tags()?;
    let new = NewManagedPolicy {
        name: read::policy_name(form)?,
        path: read::path(form)?,
        unique_id: fresh_id("ANPA")?,
        description: form.text("Description", 0..=1000)?.unwrap_or_default().to_owned(),
        document: read::managed_document(form)?,
        tags: tags.clone(),
    };
    let made = control.store.create_managed_policy(new, (control.clock)()).await?;
    let policy = shape::with_tags(shape::policy(control, &made, 0), &tags);
    Ok(Element::new().nested("Policy", policy))
}
