//! `DeleteUserPolicy`: an inline one.

use crate::control::Control;
use crate::control::iam::read;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "DeleteUserPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let (of, name) = (call.user()?.clone(), read::policy_name(&call.form)?);
    control.store.delete_inline_policy(of, name).await?;
    Ok(Element::nothing())
}
