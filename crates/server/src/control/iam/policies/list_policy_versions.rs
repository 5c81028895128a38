//! `ListPolicyVersions`: newest first; five at most, one page.

use super::{shown, versions};
use crate::control::Control;
use crate::control::iam::page::end;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "ListPolicyVersions";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let key = call.policy()?.clone();
    let found = versions(control, &key).await?;
    Ok(end(Element::new().list("Versions", found.iter().map(shown)), None))
}
