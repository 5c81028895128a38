//! `CreateProvisioningTemplateVersion`: a further body; in force at once with `setAsDefault`.

use fleetwright_core::names::TemplateName;
use fleetwright_core::template::{Template, TemplateUse};
use fleetwright_store::TemplateType;
use serde_json::json;

use super::{lint, members::no_template};
use crate::control::iot::lint::with_lints;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, refusal};

pub(super) const NAME: &str = "CreateProvisioningTemplateVersion";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read; what a body may hold depends on what the template is for.
    let name = call.label("templateName", TemplateName::parse)?;
    let default = call.query_flag("setAsDefault")?;
    let body = call.object()?;
    let text = body.members().required_text("templateBody")?;
    let found = control.store.template(&name).await?.ok_or_else(|| no_template(&name))?;
    let use_ = match found.kind {
        TemplateType::FleetProvisioning => TemplateUse::Fleet,
        TemplateType::Jitp => TemplateUse::Jitp,
    };
    let template = Template::parse(text, use_).map_err(refusal)?;
    // 2. Keep.
    let (text, now) = (text.to_owned(), (control.clock)());
    let version = control.store.create_template_version(name.clone(), text, default, now).await?;
    // 3. Answer, with what may fail later.
    let answer = Answer::json(json!({
        "templateArn": control.home.arn("provisioningtemplate", &name),
        "templateName": name.as_str(),
        "versionId": version.version,
        "isDefaultVersion": version.is_default,
    }));
    Ok(with_lints(answer, lint::lines(&control.store, &name, &template).await?))
}
