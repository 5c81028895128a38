//! Templates of the registry, parsed once, and the plans that they result in.

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::TemplateName;
use fleetwright_core::plan::ProvisioningPlan;
use fleetwright_core::template::{Inputs, Template, TemplateUse};
use fleetwright_core::text::shown;
use fleetwright_host::cache::Cache;
use fleetwright_store::{self as store, Store, TemplateType};

use crate::Provisioning;

/// Templates kept; an account has at most [`fleetwright_core::limits::TEMPLATES`].
const KEPT: usize = fleetwright_core::limits::TEMPLATES;

/// A template's record and its default version, parsed.
pub(super) struct Compiled {
    pub(super) record: store::Template,
    pub(super) template: Arc<Template>,
}

/// The templates in use. A change forgets the template before it is acknowledged.
pub(super) struct Templates(Cache<TemplateName, Arc<Compiled>>);

impl Default for Templates {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl Templates {
    /// The template of a name; `None` when there is none.
    pub(super) async fn get(
        &self,
        store: &Store,
        name: &TemplateName,
    ) -> Result<Option<Arc<Compiled>>, Refusal> {
        self.0.get_or_load(name.clone(), compiled(store, name)).await
    }

    pub(super) fn forget(&self, name: &TemplateName) {
        self.0.forget(name);
    }
}

async fn compiled(store: &Store, name: &TemplateName) -> Result<Option<Arc<Compiled>>, Refusal> {
    let Some(record) = store.template(name).await? else { return Ok(None) };
    let use_ = match record.kind {
        TemplateType::FleetProvisioning => TemplateUse::Fleet,
        TemplateType::Jitp => TemplateUse::Jitp,
    };
    let template = Template::parse(&record.body, use_).map_err(|error| {
        Refusal::internal(format_args!("stored template {name} is not valid: {error}"))
    })?;
    Ok(Some(Arc::new(Compiled { record, template: Arc::new(template) })))
}

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

    /// The plan for a device.
    pub(super) fn plan(
        &self,
        certificate: CertificateId,
        parameters: &BTreeMap<String, String>,
        overrides: &BTreeMap<String, String>,
    ) -> Result<ProvisioningPlan, Refusal> {
        let plan = self.template.evaluate(&Inputs {
            parameters,
            overrides,
            certificate_id: Some(certificate),
            subject: None,
        });
        plan.map_err(|refusal| {
            // Values may be secrets; names are the template's own words, or nearly.
            let names: Vec<&str> = parameters.keys().map(|name| shown(name)).collect();
            let names = if names.is_empty() { "none".into() } else { names.join(", ") };
            refusal.because(format!("the device sent the parameters: {names}"))
        })
    }
}
