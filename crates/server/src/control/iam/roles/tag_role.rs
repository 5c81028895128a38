//! `TagRole`.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::Tagged;

pub(super) const NAME: &str = "TagRole";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let of = Tagged::Identity(call.role()?.clone());
    control.store.tag(of, call.form.tags()?).await?;
    Ok(Element::nothing())
}
