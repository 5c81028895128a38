//! The steps that registering a device over MQTT and rehearsing that have in common.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::TemplateName;
use fleetwright_core::plan::ProvisioningPlan;
use fleetwright_core::template::Inputs;
use fleetwright_store::TemplateType;

use super::Provisioning;
use super::role::{OF_TEMPLATE, ProvisioningRole};
use super::templates::Compiled;

impl Provisioning {
    /// A template that devices may register with.
    pub(super) async fn fleet_template(
        &self,
        name: &TemplateName,
    ) -> Result<Arc<Compiled>, Refusal> {
        let template = self.templates.get(&self.store, name).await?.ok_or_else(|| {
            Refusal::new(
                ErrorCode::ResourceNotFound,
                format!("Provisioning template {name} does not exist."),
            )
        })?;
        if template.record.kind != TemplateType::FleetProvisioning {
            return Err(Refusal::new(
                ErrorCode::AccessDenied,
                format!(
                    "Provisioning template {name} is of type JITP; devices cannot register with it over MQTT."
                ),
            ));
        }
        Ok(template)
    }

    /// A plan that the template's role allows.
    pub(super) async fn as_its_role(
        &self,
        template: &Compiled,
        certificate: CertificateId,
        plan: ProvisioningPlan,
    ) -> Result<Authorized<ProvisioningPlan>, Refusal> {
        let source = self.home.arn("provisioningtemplate", &template.record.name);
        let arn = &template.record.role_arn;
        let role = ProvisioningRole { arn, source: &source, called: OF_TEMPLATE };
        self.as_role(&role, &self.home.arn("cert", certificate), plan).await
    }
}

impl Compiled {
    /// Refuses while the template is disabled.
    pub(super) fn enabled(&self) -> Result<(), Refusal> {
        if self.record.enabled {
            return Ok(());
        }
        Err(Refusal::new(
            ErrorCode::AccessDenied,
            format!("Provisioning template {} is disabled.", self.record.name),
        ))
    }

    /// What the template comes to for a device.
    pub(super) fn plan(
        &self,
        certificate: CertificateId,
        parameters: &BTreeMap<String, String>,
        overrides: &BTreeMap<String, String>,
    ) -> Result<ProvisioningPlan, Refusal> {
        self.template.evaluate(&Inputs {
            parameters,
            overrides,
            certificate_id: Some(certificate),
            subject: None,
        })
    }
}
