//! `PutGroupPolicy`: an inline policy, new or changed.

use crate::control::Control;
use crate::control::iam::read;
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "PutGroupPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let form = &call.form;
    let (of, name) = (call.group()?.clone(), read::policy_name(form)?);
    control.store.put_inline_policy(of, name, read::document(form)?).await?;
    Ok(Element::nothing())
}
