//! `RegisterThing`, over REST and from bulk files: an operator registers. The plan, and the
//! permissions that it needs, are settled before anything is changed.

use std::collections::BTreeMap;

use fleetwright_core::authorization::{Authorized, PlanNeeds, of_plan};
use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::plan::{CertificateSource, PolicyPlan, ProvisioningPlan};
use fleetwright_core::template::{Inputs, Template};
use fleetwright_host::{clock, random};
use fleetwright_store::{
    ApplyRegistration, Bring, DirectRegistration, LineOutcome, Store, TaskRow,
};
use serde_json::json;

use super::Provisioning;
use crate::registration;

/// A line of a bulk file: where its outcome is noted.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// The task.
    pub task: TaskRow,
    /// The line, counted from 1.
    pub number: u64,
}

/// What a direct registration made.
#[derive(Debug)]
pub struct RegisteredDirectly {
    /// The certificate, PEM.
    pub certificate_pem: String,
    /// ARNs by the template's logical names.
    pub resource_arns: BTreeMap<String, String>,
}

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

    /// The permissions of a plan of [`Self::plan_directly`], for who registers with its own.
    #[must_use]
    pub fn needs(&self, plan: &ProvisioningPlan) -> PlanNeeds {
        of_plan(plan, &self.scope, &self.certificate_arn(plan))
    }

    /// The ARN of a plan's certificate; `*` for one that is yet to be made.
    #[must_use]
    pub fn certificate_arn(&self, plan: &ProvisioningPlan) -> String {
        let id = match &plan.certificate.source {
            CertificateSource::Id(id) => Some(*id),
            CertificateSource::Pem { certificate, .. } => id_of(certificate),
            CertificateSource::SigningRequest(_) => None,
        };
        id.map_or_else(|| "*".to_owned(), |id| self.scope.arn("cert", id))
    }

    /// Applies a plan of [`Self::plan_directly`], in the registry of the operation that asks.
    ///
    /// # Errors
    /// `InvalidRequest`, `ResourceRegistrationFailure`, `ConflictingResourceUpdate`; then nothing
    /// of it is kept.
    pub async fn register_directly(
        &self,
        store: &Store,
        plan: Authorized<ProvisioningPlan>,
        line: Option<Line>,
    ) -> Result<RegisteredDirectly, Refusal> {
        let mut plan = plan.into_inner();
        // 1. The certificate is found, or signed; its row exists before the signature.
        let found = self.certificate_of(store, &plan.certificate.source).await?;
        plan.certificate.source = CertificateSource::Id(found.id);
        let answer = RegisteredDirectly {
            resource_arns: self.resource_arns(&plan, found.id),
            certificate_pem: fleetwright_ca::pem(&found.der),
        };

        store.about(&format!("cert/{}", found.id));
        if let Some(thing) = &plan.thing {
            store.about(&format!("thing/{}", thing.name));
        }

        // 2. Everything is applied in one transaction.
        let issuance = match &found.bring {
            Some(Bring::Issued(issuance, _)) => Some(*issuance),
            _ => None,
        };
        let direct = DirectRegistration {
            apply: ApplyRegistration {
                plan,
                token: None,
                thing_id: random::uuid()?,
                claim: None,
                renewal: None,
                pending_only: false,
                now: clock::now(),
            },
            bring: found.bring,
            line: line.map(|line| answer.outcome(line)),
        };
        match store.register_directly(direct).await {
            Ok(_) => Ok(answer),
            Err(error) => {
                if let Some(issuance) = issuance {
                    store.abandon_issuance(issuance).await?;
                }
                Err(as_model_has_it(error.into()))
            }
        }
    }

    async fn certificate_of(
        &self,
        store: &Store,
        source: &CertificateSource,
    ) -> Result<Found, Refusal> {
        let id = match source {
            CertificateSource::SigningRequest(csr) => {
                let (issuance, issued) = self.issuance.sign(store, csr).await?;
                let (id, der) = (issued.id, issued.der.clone());
                return Ok(Found { id, der, bring: Some(Bring::Issued(issuance, issued)) });
            }
            CertificateSource::Id(id) => *id,
            CertificateSource::Pem { certificate, ca } => {
                return self.signed_elsewhere(certificate, ca.as_deref()).await;
            }
        };
        let certificate = self.store.certificate(id).await?.ok_or_else(|| {
            Refusal::new(
                ErrorCode::ResourceRegistrationFailure,
                format!(
                    "Certificate {id} is not registered; register it first \
                     (RegisterCertificate), or give a CertificateSigningRequest."
                ),
            )
        })?;
        Ok(Found { id, der: certificate.der, bring: None })
    }

    /// A certificate that comes into the registry with the plan: a registered CA signed it.
    async fn signed_elsewhere(&self, pem: &str, ca: Option<&str>) -> Result<Found, Refusal> {
        let status = CertificateStatus::PendingActivation;
        let new = registration::signed(&self.store, pem, ca, status, clock::now()).await;
        let new = new.map_err(as_model_has_it)?;
        Ok(Found { id: new.id, der: new.der.clone(), bring: Some(Bring::Signed(new)) })
    }

    fn resource_arns(
        &self,
        plan: &ProvisioningPlan,
        certificate: CertificateId,
    ) -> BTreeMap<String, String> {
        let mut arns = BTreeMap::new();
        let name = plan.certificate.logical_name.clone();
        arns.insert(name, self.scope.arn("cert", certificate));
        if let Some(thing) = &plan.thing {
            arns.insert(thing.logical_name.clone(), self.scope.arn("thing", &thing.name));
        }
        for policy in &plan.policies {
            let (PolicyPlan::Existing { logical_name, name }
            | PolicyPlan::FromDocument { logical_name, name, .. }) = policy;
            arns.insert(logical_name.clone(), self.scope.arn("policy", name));
        }
        arns
    }
}

impl RegisteredDirectly {
    /// The line of the report of results.
    fn outcome(&self, line: Line) -> LineOutcome {
        let outcome = json!({"line": line.number, "response": self.body()});
        LineOutcome {
            task: line.task,
            line: line.number,
            succeeded: true,
            outcome: outcome.to_string(),
        }
    }

    /// The answer of `RegisterThing`.
    pub fn body(&self) -> serde_json::Value {
        json!({"certificatePem": self.certificate_pem, "resourceArns": self.resource_arns})
    }
}

struct Found {
    id: CertificateId,
    der: Vec<u8>,
    bring: Option<Bring>,
}

fn id_of(pem: &str) -> Option<CertificateId> {
    fleetwright_ca::certificate_der(pem).map(|der| fleetwright_ca::certificate_id(&der))
}

/// The model of `RegisterThing` lists fewer errors than a registration has reasons.
fn as_model_has_it(mut refusal: Refusal) -> Refusal {
    use ErrorCode as Code;
    if matches!(
        refusal.code,
        Code::CertificateState
            | Code::CertificateValidation
            | Code::CertificateConflict
            | Code::ResourceNotFound
            | Code::ResourceAlreadyExists
            | Code::LimitExceeded
            | Code::MalformedPolicy
    ) {
        refusal.code = Code::ResourceRegistrationFailure;
    }
    refusal
}
