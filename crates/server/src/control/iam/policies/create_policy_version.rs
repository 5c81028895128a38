//! `CreatePolicyVersion`: five at most.

use crate::control::Control;
use crate::control::iam::read;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "CreatePolicyVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let form = &call.form;
    let (name, document) = (read::own_policy(call)?, read::managed_document(form)?);
    let (default, now) = (form.flag("SetAsDefault")?, (control.clock)());
    let store = &control.store;
    let version = store.create_managed_policy_version(name, document, default, now).await?;
    let made = Element::new()
        .text("VersionId", &format!("v{version}"))
        .flag("IsDefaultVersion", default)
        .time("CreateDate", now);
    Ok(Element::new().nested("PolicyVersion", made))
}
