//! `GetGroupPolicy`.

use crate::control::Control;
use crate::control::iam::{read, shape};
use crate::control::query::{Call, Element, Outcome};

pub(super) const NAME: &str = "GetGroupPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let (of, name) = (call.group()?.clone(), read::policy_name(&call.form)?);
    let document = control.store.inline_policy(&of, &name).await?;
    Ok(Element::new()
        .text("GroupName", &of.name)
        .text("PolicyName", name.as_str())
        .text("PolicyDocument", &shape::encoded(&document)))
}
