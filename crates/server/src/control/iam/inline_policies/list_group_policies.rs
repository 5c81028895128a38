//! `ListGroupPolicies`: names of inline policies.

use crate::control::Control;
use crate::control::iam::page::{Page, end};
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::names::PolicyName;

pub(super) const NAME: &str = "ListGroupPolicies";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = Page::read(&call.form)?;
    let found = control.store.inline_policies(call.group()?).await?;
    let (names, next) = page.cut(found, |name| name.as_str().to_owned());
    let list = Element::new().texts("PolicyNames", names.iter().map(PolicyName::as_str));
    Ok(end(list, next.as_deref()))
}
