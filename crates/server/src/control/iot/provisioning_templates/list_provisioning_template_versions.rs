//! `ListProvisioningTemplateVersions`, oldest first.

use fleetwright_core::names::TemplateName;
use serde_json::json;

use crate::control::iot::page::NEXT_TOKEN;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListProvisioningTemplateVersions";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    let page = NEXT_TOKEN.read(call)?;
    let after = page.row(&NEXT_TOKEN)?.map(u32::try_from).transpose();
    let after = after.map_err(|_| NEXT_TOKEN.foreign_token())?;
    let found = control.store.template_versions(&name, after, page.size).await?;
    let versions = found.items.iter().map(|version| {
        json!({
            "versionId": version.version,
            "creationDate": version.created.epoch_seconds(),
            "isDefaultVersion": version.is_default,
        })
    });
    let next = found.next.map(|version| version.to_string());
    Ok(Answer::list("versions", versions, &NEXT_TOKEN, next.as_deref()))
}
