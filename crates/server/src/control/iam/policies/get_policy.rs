//! `GetPolicy`: of AWS or of the account.

use crate::control::Control;
use crate::control::iam::shape;
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::PolicyKey;

pub(super) const NAME: &str = "GetPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let key = call.policy()?;
    let attachments = control.store.attachments_of_managed_policy(key).await?;
    let policy = match key {
        PolicyKey::Aws(policy) => shape::aws_policy(policy, attachments),
        PolicyKey::Own(policy) => shape::policy(control, policy, attachments),
    };
    Ok(Element::new().nested("Policy", policy))
}
