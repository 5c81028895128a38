//! What will or may fail when a device registers with a template, found when the template comes in:
//! the template itself, what it names, its role and its hook. AWS stores such a template without a
//! warning; we add a header and a log line.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::{BillingGroupName, PolicyName, ThingGroupName, ThingTypeName};
use fleetwright_core::template::{References, Template};
use fleetwright_provisioning::ProvisioningRole;
use fleetwright_store::Store;
use serde_json::{Value, json};

use crate::Control;
use crate::iot::functions::{Named, lints};

/// Names of each kind that are looked up. (ours)
const LOOK_UPS: usize = 32;

/// What a template comes in with.
pub(super) struct Entrance<'a> {
    /// The ARN of what the template belongs to; `aws:SourceArn` of its role. A name of our own
    /// where it is kept nowhere.
    pub(super) source: &'a str,
    /// The member that names the role, and its ARN; `None` when the caller's permissions count.
    pub(super) role: Option<(&'a str, &'a str)>,
}

impl Entrance<'_> {
    /// A line each, for the header; also logged.
    pub(super) async fn lints(
        &self,
        control: &Control,
        template: &Template,
    ) -> Result<Vec<Value>, Refusal> {
        let existing = existing(&control.store, template.references()).await?;
        let found = template.lint(&existing, Some(&control.scope)).into_iter();
        let mut lines: Vec<Value> =
            found.map(|lint| self.line(&lint.path, &lint.message)).collect();
        lines.extend(self.role_lints(control, template).await?);
        Ok(lines)
    }

    /// Those of the role alone.
    pub(super) async fn role_lints(
        &self,
        control: &Control,
        template: &Template,
    ) -> Result<Vec<Value>, Refusal> {
        let Some((member, arn)) = self.role else { return Ok(Vec::new()) };
        let role = ProvisioningRole { arn, source: self.source, called: "" };
        let found = control.provisioning.role_lints(&role, template).await?;
        Ok(found.iter().map(|message| self.line(member, message)).collect())
    }

    /// One line of our own.
    pub(super) fn line(&self, path: &str, message: &str) -> Value {
        tracing::warn!(of = self.source, path, "{message}");
        json!({"path": path, "message": message})
    }
}

/// Why the function of a hook could not be invoked for a template, if so.
pub(super) async fn hook_lints(
    control: &Control,
    source: &str,
    target: Option<&str>,
) -> Result<Vec<Value>, Refusal> {
    let Some(target) = target else { return Ok(Vec::new()) };
    let member = "preProvisioningHook.targetArn";
    lints(control, &Named { member, target, source }).await
}

/// Removes from a set the names that the registry does not have.
macro_rules! keep_existing {
    ($set:expr, $name:ident, $store:expr, $find:ident) => {
        let mut missing = Vec::new();
        for text in $set.iter().take(LOOK_UPS) {
            let found = match $name::parse(text) {
                Ok(name) => $store.$find(&name).await?.is_some(),
                Err(_) => false,
            };
            if !found {
                missing.push(text.clone());
            }
        }
        for text in missing {
            $set.remove(&text);
        }
    };
}

/// Those of the names that exist; names beyond the bound count as existing.
async fn existing(store: &Store, mut named: References) -> Result<References, Refusal> {
    keep_existing!(named.thing_types, ThingTypeName, store, thing_type);
    keep_existing!(named.groups, ThingGroupName, store, thing_group);
    keep_existing!(named.billing_groups, BillingGroupName, store, billing_group);
    keep_existing!(named.policies, PolicyName, store, policy);
    Ok(named)
}
