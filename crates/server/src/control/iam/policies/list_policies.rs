//! `ListPolicies`: those of AWS first, all on the first page, then those of the account.

use crate::control::Control;
use crate::control::iam::page::{Page, end};
use crate::control::iam::{read, shape};
use crate::control::query::invalid;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_core::managed_policy::AWS_POLICIES;
use fleetwright_store::PolicyKey;

pub(super) const NAME: &str = "ListPolicies";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let form = &call.form;
    let (page, prefix) = (Page::read(form)?, read::prefix(form)?);
    let scope = form.get("Scope").unwrap_or("All");
    if !matches!(scope, "All" | "AWS" | "Local") {
        return Err(invalid("The parameter 'Scope' must be All, AWS or Local."));
    }
    let only_attached = form.flag("OnlyAttached")?;
    let mut shown = Vec::new();
    if scope != "Local" && page.after.is_none() {
        for policy in AWS_POLICIES.iter().filter(|policy| policy.path.starts_with(&prefix)) {
            let count =
                control.store.attachments_of_managed_policy(&PolicyKey::Aws(policy)).await?;
            if count > 0 || !only_attached {
                shown.push(shape::aws_policy(policy, count));
            }
        }
    }
    let mut next = None;
    if scope != "AWS" {
        let found = control.store.list_managed_policies(prefix, page.after, page.size).await?;
        for policy in &found.items {
            let key = PolicyKey::Own(policy.clone());
            let count = control.store.attachments_of_managed_policy(&key).await?;
            if count > 0 || !only_attached {
                shown.push(shape::policy(control, policy, count));
            }
        }
        next = found.next;
    }
    Ok(end(Element::new().list("Policies", shown.into_iter()), next.as_deref()))
}
