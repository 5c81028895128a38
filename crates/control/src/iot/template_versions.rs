//! Versions of provisioning templates.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::TemplateName;
use fleetwright_core::template::Template;
use serde_json::json;

use crate::Control;
use crate::iot::template_lints::Entrance;
use crate::iot::template_members::{ROLE, no_template, use_of};
use crate::lint::with_lints;
use crate::operation::operation;
use crate::rest::page::NEXT_TOKEN;
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateProvisioningTemplateVersion", create_provisioning_template_version),
    operation!("DescribeProvisioningTemplateVersion", describe_provisioning_template_version),
    operation!("ListProvisioningTemplateVersions", list_provisioning_template_versions),
    operation!("DeleteProvisioningTemplateVersion", delete_provisioning_template_version),
];

/// `CreateProvisioningTemplateVersion`: a further body; in force at once with `setAsDefault`.
async fn create_provisioning_template_version(
    control: &Control,
    call: &Authorized<Call>,
) -> Outcome {
    // 1. Read; what a body may hold depends on what the template is for.
    let name = call.label("templateName", TemplateName::parse)?;
    let default = call.query_flag("setAsDefault")?;
    let body = call.object()?;
    let text = body.members().required_text("templateBody")?;
    let found = control.store.template(&name).await?.ok_or_else(|| no_template(&name))?;
    let template = Template::parse(text, use_of(found.kind)).map_err(Refusal::from)?;
    // 2. Keep.
    let (text, now) = (text.to_owned(), control.now());
    let version = control.store.create_template_version(name.clone(), text, default, now).await?;
    // 3. Answer, with what may fail later.
    let arn = control.scope.arn("provisioningtemplate", &name);
    let entrance = Entrance { source: &arn, role: Some((ROLE, &found.role_arn)) };
    let lints = entrance.lints(control, &template).await?;
    let answer = Answer::json(json!({
        "templateArn": arn,
        "templateName": name.as_str(),
        "versionId": version.version,
        "isDefaultVersion": version.is_default,
    }));
    Ok(with_lints(answer, lints))
}

/// `DescribeProvisioningTemplateVersion`: one version with its body.
async fn describe_provisioning_template_version(
    control: &Control,
    call: &Authorized<Call>,
) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    let id = call.version("versionId")?;
    let found = control
        .store
        .template_version(&name, id)
        .await?
        .ok_or_else(|| not_found("provisioning template version", format!("{name}, {id}")))?;
    Ok(Answer::json(json!({
        "versionId": found.version,
        "creationDate": found.created.epoch_seconds(),
        "templateBody": found.document,
        "isDefaultVersion": found.is_default,
    })))
}

/// `ListProvisioningTemplateVersions`, oldest first.
async fn list_provisioning_template_versions(
    control: &Control,
    call: &Authorized<Call>,
) -> Outcome {
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

/// `DeleteProvisioningTemplateVersion`: never the default one.
async fn delete_provisioning_template_version(
    control: &Control,
    call: &Authorized<Call>,
) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    control.store.delete_template_version(name, call.version("versionId")?, control.now()).await?;
    Ok(Answer::empty())
}
