//! `ListAttachedGroupPolicies`: managed ones; a group has ten at most, one page.

use crate::control::Control;
use crate::control::iam::page::end;
use crate::control::iam::{read, shape};
use crate::control::query::{Call, Outcome};

pub(super) const NAME: &str = "ListAttachedGroupPolicies";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let prefix = read::prefix(&call.form)?;
    let mut found = control.store.attached_managed_policies(call.group()?).await?;
    found.retain(|policy| policy.path().starts_with(&prefix));
    Ok(end(shape::attached(control, &found), None))
}
