//! Provisioning templates.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::TemplateName;
use fleetwright_core::template::{Template, TemplateUse};
use fleetwright_store::{NewTemplate, TemplateType, TemplateUpdate};
use serde_json::json;

use crate::Control;
use crate::iot::template_lints::{Entrance, hook_lints};
use crate::iot::template_members;
use crate::iot::template_members::{PAYLOAD_VERSION, ROLE, no_template, type_text, use_of};
use crate::lint::with_lints;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateProvisioningTemplate", create_provisioning_template),
    operation!("DescribeProvisioningTemplate", describe_provisioning_template),
    operation!("UpdateProvisioningTemplate", update_provisioning_template),
    operation!("DeleteProvisioningTemplate", delete_provisioning_template),
    operation!("ListProvisioningTemplates", list_provisioning_templates),
];

/// `CreateProvisioningTemplate`: version 1 of a new template, disabled unless `enabled`.
async fn create_provisioning_template(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Read.
    let body = call.object()?;
    let members = body.members();
    let name = members.required("templateName", TemplateName::parse)?;
    let (kind, use_) = kind(&members)?;
    let text = members.required_text("templateBody")?;
    let template = Template::parse(text, use_).map_err(Refusal::from)?;
    let role = template_members::role(&members)?
        .ok_or_else(|| invalid("The member 'provisioningRoleArn' is required."))?;
    let new = NewTemplate {
        name: name.clone(),
        kind,
        body: text.to_owned(),
        description: template_members::template_description(&members)?,
        // AWS: not documented; its sample shows a template made without the flag as disabled.
        enabled: members.flag("enabled")?.unwrap_or(false),
        role_arn: role,
        hook: template_members::hook(control, &members)?,
        tags: tags::tags(&members)?,
    };
    let hook = new.hook.as_ref().map(|hook| hook.target.clone());
    let role = new.role_arn.clone();
    // 2. Keep.
    control.store.create_template(new, control.now()).await?;
    // 3. Answer, with what may fail later.
    let arn = control.scope.arn("provisioningtemplate", &name);
    let entrance = Entrance { source: &arn, role: Some((ROLE, &role)) };
    let mut lints = entrance.lints(control, &template).await?;
    lints.extend(hook_lints(control, &arn, hook.as_deref()).await?);
    let answer = Answer::json(json!({
        "templateArn": arn,
        "templateName": name.as_str(),
        "defaultVersionId": 1,
    }));
    Ok(with_lints(answer, lints))
}

fn kind(members: &Members<'_>) -> Result<(TemplateType, TemplateUse), Refusal> {
    match members.text("type")? {
        None | Some("FLEET_PROVISIONING") => {
            Ok((TemplateType::FleetProvisioning, TemplateUse::Fleet))
        }
        Some("JITP") => Ok((TemplateType::Jitp, TemplateUse::Jitp)),
        Some(_) => Err(invalid("The member 'type' must be FLEET_PROVISIONING or JITP.")),
    }
}

/// `DescribeProvisioningTemplate`: a template with the body of its default version.
async fn describe_provisioning_template(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    let found = control.store.template(&name).await?.ok_or_else(|| no_template(&name))?;
    let hook = found.hook.map(|hook| {
        let version = hook.payload_version.as_deref().unwrap_or(PAYLOAD_VERSION);
        json!({"targetArn": hook.target, "payloadVersion": version})
    });
    Ok(Answer::json(json!({
        "templateArn": control.scope.arn("provisioningtemplate", &name),
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

/// `UpdateProvisioningTemplate`: changes what is named; bodies of versions never change.
async fn update_provisioning_template(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let version = members.integer("defaultVersionId")?.map(u32::try_from).transpose();
    let hook = match (
        template_members::hook(control, &members)?,
        members.flag("removePreProvisioningHook")?,
    ) {
        (Some(_), Some(true)) => {
            return Err(invalid(
                "The members 'preProvisioningHook' and 'removePreProvisioningHook' exclude each \
                 other.",
            )
            .into());
        }
        (None, Some(true)) => Some(None),
        (None, _) => None,
        (Some(hook), _) => Some(Some(hook)),
    };
    let update = TemplateUpdate {
        description: template_members::template_description(&members)?,
        enabled: members.flag("enabled")?,
        default_version: version
            .map_err(|_| invalid("The member 'defaultVersionId' names no version."))?,
        role_arn: template_members::role(&members)?,
        hook,
    };
    let hook = update.hook.as_ref().and_then(|hook| hook.as_ref()).map(|hook| hook.target.clone());
    let other_role = update.role_arn.is_some() || update.default_version.is_some();
    control.store.update_template(name.clone(), update, control.now()).await?;
    let arn = control.scope.arn("provisioningtemplate", &name);
    let mut lints = hook_lints(control, &arn, hook.as_deref()).await?;
    if other_role && let Some(found) = control.store.template(&name).await? {
        let template = Template::parse(&found.body, use_of(found.kind)).map_err(Refusal::from)?;
        let entrance = Entrance { source: &arn, role: Some((ROLE, &found.role_arn)) };
        lints.extend(entrance.role_lints(control, &template).await?);
    }
    Ok(with_lints(Answer::empty(), lints))
}

/// `DeleteProvisioningTemplate`.
async fn delete_provisioning_template(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    control.store.delete_template(name).await?;
    Ok(Answer::empty())
}

/// `ListProvisioningTemplates`, by name.
async fn list_provisioning_templates(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = NEXT_TOKEN.read(call)?;
    let after = page.name(&NEXT_TOKEN, TemplateName::parse)?;
    let found = control.store.list_templates(after, page.size).await?;
    let templates = found.items.iter().map(|template| {
        let mut line = json!({
            "templateArn": control.scope.arn("provisioningtemplate", &template.name),
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
