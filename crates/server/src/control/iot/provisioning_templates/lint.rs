//! What will or may fail when a device registers with a template. AWS stores such a template
//! without a word; so do we, with a header and a log line.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::{
    BillingGroupName, PolicyName, TemplateName, ThingGroupName, ThingTypeName,
};
use fleetwright_core::template::{Lint, References, Template};
use fleetwright_store::Store;
use serde_json::{Value, json};

/// Names of each kind that are looked up. (ours)
const LOOK_UPS: usize = 32;

/// The template's lints, a line each; also logged.
pub(super) async fn lines(
    store: &Store,
    name: &TemplateName,
    template: &Template,
) -> Result<Vec<Value>, Refusal> {
    let existing = existing(store, template.references()).await?;
    let line = |lint: Lint| {
        tracing::warn!(template = %name, path = %lint.path, "{}", lint.message);
        json!({"path": lint.path, "message": lint.message})
    };
    Ok(template.lint(&existing).into_iter().map(line).collect())
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
