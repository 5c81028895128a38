//! Members that the operations on CA certificates share.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::TemplateName;
use fleetwright_core::template::{Template, TemplateUse};
use fleetwright_store::{RegistrationConfig, Store, TemplateType};

use crate::control::iot::members::{Members, invalid};
use crate::control::iot::not_found;
use crate::control::iot::provisioning_templates::role_arn;

/// `registrationConfig`: a template of type JITP by its name, or a body with a role.
pub(super) async fn registration_config(
    store: &Store,
    given: &Members<'_>,
) -> Result<Option<RegistrationConfig>, Refusal> {
    let config = given.object("registrationConfig", |config| {
        let template_body = config.text("templateBody")?.map(str::to_owned);
        if let Some(body) = &template_body {
            Template::parse(body, TemplateUse::Jitp)?;
        }
        Ok(RegistrationConfig {
            template_name: config.optional("templateName", TemplateName::parse)?,
            template_body,
            role_arn: role_arn(&config, "roleArn")?,
        })
    })?;
    let Some(config) = config else { return Ok(None) };
    match &config {
        RegistrationConfig { template_name: Some(_), template_body: Some(_), .. } => Err(invalid(
            "The members 'registrationConfig.templateName' and \
                 'registrationConfig.templateBody' exclude each other.",
        )),
        RegistrationConfig { template_body: Some(_), role_arn: None, .. } => Err(invalid(
            "The member 'registrationConfig.roleArn' is required with a templateBody: the role \
             that devices are provisioned with.",
        )),
        RegistrationConfig { template_name: Some(name), .. } => {
            check_template(store, name).await.map(|()| Some(config))
        }
        _ => Ok(Some(config)),
    }
}

async fn check_template(store: &Store, name: &TemplateName) -> Result<(), Refusal> {
    let template = store.template(name).await?;
    let template = template.ok_or_else(|| not_found("provisioning template", name))?;
    if template.kind == TemplateType::Jitp {
        return Ok(());
    }
    Err(invalid(format!(
        "Provisioning template '{name}' is of type FLEET_PROVISIONING; a CA certificate needs one \
         of type JITP."
    )))
}
