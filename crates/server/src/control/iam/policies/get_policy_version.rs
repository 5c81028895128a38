//! `GetPolicyVersion`, with its document.

use super::{no_version, shown, version, versions};
use crate::control::Control;
use crate::control::iam::shape;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "GetPolicyVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let (key, wanted) = (call.policy()?.clone(), call.form.parsed("VersionId", version)?);
    let found = versions(control, &key).await?;
    let found = found.into_iter().find(|version| version.version == wanted);
    let found = found.ok_or_else(|| no_version(wanted))?;
    let version = shown(&found).text("Document", &shape::encoded(&found.document));
    Ok(Element::new().nested("PolicyVersion", version))
}
