//! `ListProvisioningTemplates`, by name.

use fleetwright_core::names::TemplateName;
use serde_json::json;

use super::members::type_text;
use crate::control::Control;
use crate::control::iot::page::NEXT_TOKEN;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "ListProvisioningTemplates";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, TemplateName::parse)?;
    let found = control.store.list_templates(after, page.size).await?;
    let templates = found.items.iter().map(|template| {
        let mut line = json!({
            "templateArn": control.home.arn("provisioningtemplate", &template.name),
            "templateName": template.name.as_str(),
            "creationDate": template.created.epoch_seconds(),
            "lastModifiedDate": template.modified.epoch_seconds(),
            "enabled": template.enabled,
            "type": type_text(template.kind),
        });
        if let (Some(text), Some(members)) = (&template.description, line.as_object_mut()) {
            members.insert("description".into(), text.as_str().into());
        }
        line
    });
    let next = found.next.as_ref().map(TemplateName::as_str);
    Ok(Answer::list("templates", templates, &NEXT_TOKEN, next))
}
