//! `ListUserTags`: all of them, one page.

use crate::control::Control;
use crate::control::iam::page::end;
use crate::control::iam::shape;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::Tagged;

pub(super) const NAME: &str = "ListUserTags";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let tags = control.store.tags(&Tagged::Identity(call.user()?.clone())).await?;
    Ok(end(shape::tag_list(Element::new(), &tags), None))
}
