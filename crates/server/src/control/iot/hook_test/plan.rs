//! A plan as JSON, for people.

use fleetwright_core::plan::{Override, PolicyPlan, ProvisioningPlan, ThingPlan};
use serde_json::{Map, Value, json};

/// What would be registered.
pub(super) fn plan(plan: &ProvisioningPlan) -> Value {
    let certificate = &plan.certificate;
    json!({
        "thing": plan.thing.as_ref().map(thing),
        "certificate": {
            "status": if certificate.active { "ACTIVE" } else { "INACTIVE" },
            "exclusive": certificate.exclusive,
        },
        "policies": plan.policies.iter().map(policy).collect::<Vec<_>>(),
        "deviceConfiguration": plan.device_configuration,
    })
}

fn thing(thing: &ThingPlan) -> Value {
    let attributes = thing.attributes.iter().flatten();
    let attributes: Map<String, Value> =
        attributes.map(|(name, value)| (name.to_string(), value.as_str().into())).collect();
    let groups = thing.groups.iter().flatten().map(ToString::to_string).collect::<Vec<_>>();
    let existing = &thing.on_existing;
    json!({
        "name": thing.name.to_string(),
        "type": thing.type_name.as_ref().map(ToString::to_string),
        "attributes": attributes,
        "groups": groups,
        "billingGroup": thing.billing_group.as_ref().map(ToString::to_string),
        "overrideSettings": {
            "AttributePayload": setting(existing.attributes),
            "ThingTypeName": setting(existing.type_name),
            "ThingGroups": setting(existing.groups),
        },
    })
}

fn policy(policy: &PolicyPlan) -> Value {
    match policy {
        PolicyPlan::Existing { name, .. } => json!({"name": name.to_string()}),
        PolicyPlan::FromDocument { name, document, .. } => {
            json!({"name": name.to_string(), "document": document})
        }
    }
}

fn setting(setting: Override) -> Option<&'static str> {
    match setting {
        Override::Unset => None,
        Override::DoNothing => Some("DO_NOTHING"),
        Override::Replace => Some("REPLACE"),
        Override::Fail => Some("FAIL"),
        Override::Merge => Some("MERGE"),
    }
}
