//! `DescribeProvisioningTemplateVersion`: one version with its body.

use fleetwright_core::names::TemplateName;
use serde_json::json;

use super::members::version_id;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeProvisioningTemplateVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    let id = version_id(call)?;
    let found = control
        .store
        .template_version(&name, id)
        .await?
        .ok_or_else(|| not_found("provisioning template version", format!("{name}, {id}")))?;
    Ok(Answer::json(json!({
        "versionId": found.version,
        "creationDate": found.created.epoch_seconds(),
        "templateBody": found.body,
        "isDefaultVersion": found.is_default,
    })))
}
