//! `GetPolicy`: of AWS or of the account.

use crate::control::Control;
use crate::control::iam::{read, shape};
use crate::control::query::{Call, Element, Outcome};
use fleetwright_store::PolicyKey;

pub(super) const NAME: &str = "GetPolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let key = read::policy_key(control, &call.form)?;
    let attachments = control.store.attachments_of_managed_policy(&key).await?;
    let policy = match &key {
        PolicyKey::Aws(policy) => shape::aws_policy(policy, attachments),
        PolicyKey::Own(name) => {
            let found = control.store.managed_policy(name).await?;
            let found = found.ok_or_else(|| read::no_policy(name.as_str()))?;
            shape::policy(control, &found, attachments)
        }
    };
    Ok(Element::new().nested("Policy", policy))
}
