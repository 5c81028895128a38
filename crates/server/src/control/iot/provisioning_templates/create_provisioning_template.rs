//! `CreateProvisioningTemplate`: version 1 of a new template, disabled unless `enabled`.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::TemplateName;
use fleetwright_core::template::{Template, TemplateUse};
use fleetwright_store::{NewTemplate, TemplateType};
use serde_json::json;

use super::{lint, members};
use crate::control::Control;
use crate::control::iot::lint::with_lints;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Answer, Call, Outcome, refusal, tags};

pub(super) const NAME: &str = "CreateProvisioningTemplate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read.
    let body = call.object()?;
    let given = body.members();
    let name = given.required("templateName", TemplateName::parse)?;
    let (kind, use_) = kind(&given)?;
    let text = given.required_text("templateBody")?;
    let template = Template::parse(text, use_).map_err(refusal)?;
    let role = members::role(&given)?
        .ok_or_else(|| invalid("The member 'provisioningRoleArn' is required."))?;
    let new = NewTemplate {
        name: name.clone(),
        kind,
        body: text.to_owned(),
        description: members::template_description(&given)?,
        // AWS: not documented; its sample shows a template made without the flag as disabled.
        enabled: given.flag("enabled")?.unwrap_or(false),
        role_arn: role,
        hook: members::hook(control, &given)?,
        tags: tags::tags(&given)?,
    };
    let hook = new.hook.as_ref().map(|hook| hook.target.clone());
    // 2. Keep.
    control.store.create_template(new, (control.clock)()).await?;
    // 3. Answer, with what may fail later.
    let mut lints = lint::lines(&control.store, &name, &template).await?;
    lints.extend(members::hook_lints(control, &name, hook.as_deref()).await?);
    let answer = Answer::json(json!({
        "templateArn": control.home.arn("provisioningtemplate", &name),
        "templateName": name.as_str(),
        "defaultVersionId": 1,
    }));
    Ok(with_lints(answer, lints))
}

fn kind(given: &Members<'_>) -> Result<(TemplateType, TemplateUse), Refusal> {
    match given.text("type")? {
        None | Some("FLEET_PROVISIONING") => {
            Ok((TemplateType::FleetProvisioning, TemplateUse::Fleet))
        }
        Some("JITP") => Ok((TemplateType::Jitp, TemplateUse::Jitp)),
        Some(_) => Err(invalid("The member 'type' must be FLEET_PROVISIONING or JITP.")),
    }
}
