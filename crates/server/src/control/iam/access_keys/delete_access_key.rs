//! `DeleteAccessKey`.

use super::of_user;
use crate::control::Control;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "DeleteAccessKey";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let key = of_user(control, call).await?;
    control.store.delete_access_key(&key.id).await?;
    Ok(Element::nothing())
}
