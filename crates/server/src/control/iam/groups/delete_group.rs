//! `DeleteGroup`: nothing may hang on it.

use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "DeleteGroup";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    control.store.delete_identity(call.group()?.clone()).await?;
    Ok(Element::nothing())
}
