//! What an operator prepares, and what the fleet looks like afterwards.

use comfy_table::{ContentArrangement, Table, presets};
use fleetwright_device::Credentials;
use serde_json::{Value, json};

use super::steps::{QuickstartError, Steps};
use crate::api::Api;

pub(super) const TEMPLATE: &str = "FleetTemplate";
const CLAIM_POLICY: &str = include_str!("../../../../docs/examples/claim-policy.json");
const ROLE_TRUST: &str = include_str!("../../../../docs/examples/provisioning-role-trust.json");
const ROLE_POLICY: &str = "arn:aws:iam::aws:policy/service-role/AWSIoTThingsRegistration";
const TEMPLATE_BODY: &str = include_str!("../../../../docs/examples/fleet-template.json");

/// A claim certificate with its policy; type, groups and billing group; the template.
pub(super) async fn prepare(api: &Api, steps: &Steps) -> Result<Credentials, QuickstartError> {
    steps.heading("What an operator prepares");
    let step = steps.begin("a claim certificate and its policy");
    let claim = call(api, "POST", "/keys-and-certificate?setAsActive=true", Value::Null).await?;
    call(api, "POST", "/policies/ClaimPolicy", json!({ "policyDocument": CLAIM_POLICY })).await?;
    let target = json!({ "target": text(&claim, "certificateArn")? });
    call(api, "PUT", "/target-policies/ClaimPolicy", target).await?;
    step.done("claim certificate, allowed to ask for certificates and to register by one template");

    let step = steps.begin("thing type, groups, billing group");
    call(api, "POST", "/thing-types/TemperatureSensor", json!({})).await?;
    call(api, "POST", "/thing-groups/v1-sensors", json!({})).await?;
    call(api, "POST", "/thing-groups/Berlin-sensors", json!({})).await?;
    call(api, "POST", "/billing-groups/WarehouseBilling", json!({})).await?;
    step.done("thing type TemperatureSensor, two groups, a billing group");

    let step = steps.begin("the role with whose permissions the template works");
    let trust = ("AssumeRolePolicyDocument", ROLE_TRUST);
    iam(api, "CreateRole", &[("RoleName", "Provisioning"), trust]).await?;
    let policy = ("PolicyArn", ROLE_POLICY);
    iam(api, "AttachRolePolicy", &[("RoleName", "Provisioning"), policy]).await?;
    step.done("role Provisioning, with AWS's policy AWSIoTThingsRegistration");

    let step = steps.begin("the template and its hook");
    let template = json!({
        "templateName": TEMPLATE,
        "templateBody": TEMPLATE_BODY,
        "provisioningRoleArn": "arn:aws:iam::123456789012:role/Provisioning",
        "enabled": true,
        "preProvisioningHook": { "targetArn": "command:known-serials" },
    });
    call(api, "POST", "/provisioning-templates", template).await?;
    step.done("template FleetTemplate, whose hook consults a list of known serial numbers");
    Ok(Credentials::new(
        text(&claim, "certificatePem")?,
        text(claim.get("keyPair").unwrap_or(&Value::Null), "PrivateKey")?,
    ))
}

/// The things of the fleet, as a table.
pub(super) async fn show(api: &Api, steps: &Steps) -> Result<(), QuickstartError> {
    steps.heading("The fleet");
    let things = call(api, "GET", "/things", Value::Null).await?;
    let things = things.get("things").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut table = Table::new();
    table.load_preset(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(["thing", "type", "attributes", "certificate"]);
    for thing in &things {
        let name = text(thing, "thingName")?;
        let path = format!("/things/{name}/principals");
        let principals = call(api, "GET", &path, Value::Null).await?;
        let certificate = principals
            .pointer("/principals/0")
            .and_then(Value::as_str)
            .and_then(|arn| arn.rsplit('/').next())
            .map(|id| format!("{}…", id.get(..12).unwrap_or(id)));
        table.add_row([
            name,
            text(thing, "thingTypeName")?,
            thing.get("attributes").map(Value::to_string).unwrap_or_default(),
            certificate.unwrap_or_default(),
        ]);
    }
    println!("{table}");
    if things.len() != 2 {
        return Err(QuickstartError::new("the fleet should have two things", things.len()));
    }
    Ok(())
}

async fn iam(api: &Api, action: &str, parameters: &[(&str, &str)]) -> Result<(), QuickstartError> {
    api.iam(action, parameters)
        .await
        .map_err(|error| QuickstartError::new("the control plane refused a call", error))
}

async fn call(api: &Api, method: &str, path: &str, body: Value) -> Result<Value, QuickstartError> {
    api.call(method, path, &body)
        .await
        .map_err(|error| QuickstartError::new("the control plane refused a call", error))
}

fn text(value: &Value, key: &str) -> Result<String, QuickstartError> {
    let found = value.get(key).and_then(Value::as_str).map(str::to_owned);
    found.ok_or_else(|| QuickstartError::new("the control plane's answer lacks a member", key))
}
