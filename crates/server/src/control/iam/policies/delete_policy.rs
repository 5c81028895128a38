//! `DeletePolicy`: neither attached nor with other versions.

use crate::control::Control;
use crate::control::iam::read;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "DeletePolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    control.store.delete_managed_policy(read::own_policy(call)?).await?;
    Ok(Element::nothing())
}
