//! CA certificates that are registered.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::ca_certificate::CaCertificateStatus;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::TemplateName;
use fleetwright_core::template::{Template, TemplateUse};
use fleetwright_store::{CaCertificateUpdate, CaRow, RegistrationConfig, Store, TemplateType};
use serde_json::{Map, Value, json};

use crate::Control;
use crate::iot::template_lints::Entrance;
use crate::iot::template_members::role_arn;
use crate::lint::with_lints;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::MARKER;
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("DescribeCACertificate", describe_ca_certificate),
    operation!("ListCACertificates", list_ca_certificates),
    operation!("UpdateCACertificate", update_ca_certificate),
    operation!("DeleteCACertificate", delete_ca_certificate),
];

/// `DescribeCACertificate`.
async fn describe_ca_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("caCertificateId", CertificateId::parse)?;
    let found = control.store.ca_certificate(id).await?;
    let found = found.ok_or_else(|| not_found("CA certificate", id))?;
    Ok(Answer::json(json!({
        "certificateDescription": {
            "certificateArn": control.scope.arn("cacert", id),
            "certificateId": id.to_string(),
            "status": found.status.as_str(),
            "certificatePem": fleetwright_ca::pem(&found.der),
            "ownedBy": control.scope.account.as_str(),
            "creationDate": found.created.epoch_seconds(),
            "autoRegistrationStatus": if found.auto_registration { "ENABLE" } else { "DISABLE" },
            "lastModifiedDate": found.modified.epoch_seconds(),
            "customerVersion": found.version,
            "generationId": found.generation.to_string(),
            "validity": {
                "notBefore": found.not_before.epoch_seconds(),
                "notAfter": found.not_after.epoch_seconds(),
            },
            "certificateMode": found.mode.as_str(),
        },
        "registrationConfig": config(found.config),
    })))
}

/// Without members the CA has none.
fn config(config: RegistrationConfig) -> Value {
    let members = [
        ("templateName", config.template_name.map(String::from)),
        ("templateBody", config.template_body),
        ("roleArn", config.role_arn),
    ];
    let members: Map<_, _> = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
        .collect();
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}

/// `ListCACertificates`: newest first unless `isAscendingOrder`; `templateName` keeps those that
/// provision with that template.
async fn list_ca_certificates(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CaRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let template = call.query_name("templateName", TemplateName::parse)?;
    let found = control.store.list_ca_certificates(template, after, page.size, ascending).await?;
    let certificates = found.items.iter().map(|item| {
        json!({
            "certificateArn": control.scope.arn("cacert", item.id),
            "certificateId": item.id.to_string(),
            "status": item.status.as_str(),
            "creationDate": item.created.epoch_seconds(),
        })
    });
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("certificates", certificates, &MARKER, next.as_deref()))
}

/// `UpdateCACertificate`: changes what is named.
async fn update_ca_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("caCertificateId", CertificateId::parse)?;
    let body = call.object()?;
    let members = body.members();
    let (config, template) = registration_config(&control.store, &members).await?.unzip();
    let changes_registration = config.is_some();
    let mut update = CaCertificateUpdate {
        status: status(call)?,
        auto_registration: auto_registration(call)?,
        config,
    };
    if members.flag("removeAutoRegistration")?.unwrap_or(false) {
        if update.config.is_some() {
            return Err(invalid(
                "The members 'removeAutoRegistration' and 'registrationConfig' exclude each other.",
            )
            .into());
        }
        update.auto_registration = update.auto_registration.or(Some(false));
        update.config = Some(RegistrationConfig::default());
    }
    let changes_registration = changes_registration || update.auto_registration.is_some();
    control.store.update_ca_certificate(id, update, control.now()).await?;
    let lints = match control.store.ca_certificate(id).await? {
        Some(found) if changes_registration => {
            let template = template.flatten();
            let (config, auto) = (&found.config, found.auto_registration);
            config_lints(control, id, config, template.as_ref(), auto).await?
        }
        _ => Vec::new(),
    };
    Ok(with_lints(Answer::empty(), lints))
}

/// What of a `registrationConfig` will or may fail when a device first connects.
pub(super) async fn config_lints(
    control: &Control,
    id: CertificateId,
    config: &RegistrationConfig,
    template: Option<&Template>,
    auto_registration: bool,
) -> Result<Vec<Value>, Refusal> {
    let source = control.scope.arn("cacert", id);
    let role = config.role_arn.as_deref().map(|arn| ("registrationConfig.roleArn", arn));
    let entrance = Entrance { source: &source, role };
    let mut lints = match template {
        Some(template) => entrance.lints(control, template).await?,
        None => Vec::new(),
    };
    let given = config.template_name.is_some() || config.template_body.is_some();
    if given && !auto_registration {
        let message = "has no effect until auto-registration is on: aws iot \
                       update-ca-certificate --new-auto-registration-status ENABLE \
                       --certificate-id ID";
        lints.push(entrance.line("registrationConfig", message));
    }
    Ok(lints)
}

fn status(call: &Call) -> Result<Option<CaCertificateStatus>, Refusal> {
    let Some(text) = call.query_text("newStatus")? else { return Ok(None) };
    CaCertificateStatus::parse(text)
        .map(Some)
        .ok_or_else(|| invalid("The query parameter 'newStatus' must be ACTIVE or INACTIVE."))
}

fn auto_registration(call: &Call) -> Result<Option<bool>, Refusal> {
    match call.query_text("newAutoRegistrationStatus")? {
        None => Ok(None),
        Some("ENABLE") => Ok(Some(true)),
        Some("DISABLE") => Ok(Some(false)),
        Some(_) => Err(invalid(
            "The query parameter 'newAutoRegistrationStatus' must be ENABLE or DISABLE.",
        )),
    }
}

/// `DeleteCACertificate`: never an active one. Device certificates that it signed go on.
async fn delete_ca_certificate(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = call.label("caCertificateId", CertificateId::parse)?;
    control.store.delete_ca_certificate(id).await?;
    Ok(Answer::empty())
}

/// `registrationConfig`: a template of type JITP by its name, or a body with a role; with the
/// template of the body.
pub(super) async fn registration_config(
    store: &Store,
    members: &Members<'_>,
) -> Result<Option<(RegistrationConfig, Option<Template>)>, Refusal> {
    let mut template = None;
    let config = members.object("registrationConfig", |config| {
        let template_body = config.text("templateBody")?.map(str::to_owned);
        if let Some(body) = &template_body {
            template = Some(Template::parse(body, TemplateUse::Jitp)?);
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
            check_template(store, name).await.map(|()| Some((config, None)))
        }
        _ => Ok(Some((config, template))),
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
