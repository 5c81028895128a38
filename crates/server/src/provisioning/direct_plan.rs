//! The plan of a direct registration, and what it needs: settled before anything is changed.

use std::collections::BTreeMap;

use fleetwright_core::authorization::{Need, of_plan};
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::plan::{CertificateSource, ProvisioningPlan};
use fleetwright_core::template::{Inputs, Template};

use super::Provisioning;

impl Provisioning {
    /// Evaluates a template of [`fleetwright_core::template::TemplateUse::Bulk`]. A certificate
    /// given as PEM that is registered already stands in the plan by its id.
    ///
    /// # Errors
    /// `InvalidRequest`, `ResourceRegistrationFailure`.
    pub async fn plan_directly(
        &self,
        template: &Template,
        parameters: &BTreeMap<String, String>,
    ) -> Result<ProvisioningPlan, Refusal> {
        let overrides = BTreeMap::new();
        let inputs =
            Inputs { parameters, overrides: &overrides, certificate_id: None, subject: None };
        let mut plan = template.evaluate(&inputs)?;
        if let CertificateSource::Pem { certificate, .. } = &plan.certificate.source {
            let id = id_of(certificate).ok_or_else(|| {
                Refusal::new(
                    ErrorCode::InvalidRequest,
                    "CertificatePem is no certificate: it must be one PEM block of label \
                     CERTIFICATE.",
                )
            })?;
            if self.store.certificate_state(id).await?.is_some() {
                plan.certificate.source = CertificateSource::Id(id);
            }
        }
        Ok(plan)
    }

    /// The actions of a plan of [`Self::plan_directly`], for who registers with permissions of
    /// its own.
    #[must_use]
    pub fn needs(&self, plan: &ProvisioningPlan) -> Vec<Need> {
        of_plan(plan, &self.home, &self.certificate_arn(plan))
    }

    /// The ARN of a plan's certificate; `*` for one that is yet to be made.
    #[must_use]
    pub fn certificate_arn(&self, plan: &ProvisioningPlan) -> String {
        let id = match &plan.certificate.source {
            CertificateSource::Id(id) => Some(*id),
            CertificateSource::Pem { certificate, .. } => id_of(certificate),
            CertificateSource::SigningRequest(_) => None,
        };
        id.map_or_else(|| "*".to_owned(), |id| self.home.arn("cert", id))
    }
}

fn id_of(pem: &str) -> Option<CertificateId> {
    fleetwright_ca::certificate_der(pem).map(|der| fleetwright_ca::certificate_id(&der))
}
