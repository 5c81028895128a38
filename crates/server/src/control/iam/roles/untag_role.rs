//! `UntagRole`; a key that is not there is no error.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::limits;
use fleetwright_store::Tagged;

pub(super) const NAME: &str = "UntagRole";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let of = Tagged::Identity(call.role()?.clone());
    let keys = call.form.list("TagKeys", limits::TAGS)?;
    control.store.untag(of, keys.into_iter().map(str::to_owned).collect()).await?;
    Ok(Element::nothing())
}
