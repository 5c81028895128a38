//! `DescribeProvisioningTemplate`: a template with the body of its default version.

use fleetwright_core::names::TemplateName;
use serde_json::json;

use super::members::{PAYLOAD_VERSION, no_template, type_text};
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "DescribeProvisioningTemplate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    let found = control.store.template(&name).await?.ok_or_else(|| no_template(&name))?;
    let hook = found.hook.map(|hook| {
        let version = hook.payload_version.as_deref().unwrap_or(PAYLOAD_VERSION);
        json!({"targetArn": hook.target, "payloadVersion": version})
    });
    Ok(Answer::json(json!({
        "templateArn": control.home.arn("provisioningtemplate", &name),
        "templateName": name.as_str(),
        "description": found.description,
        "creationDate": found.created.epoch_seconds(),
        "lastModifiedDate": found.modified.epoch_seconds(),
        "defaultVersionId": found.default_version,
        "templateBody": found.body,
        "enabled": found.enabled,
        "provisioningRoleArn": found.role_arn,
        "preProvisioningHook": hook,
        "type": type_text(found.kind),
    })))
}
