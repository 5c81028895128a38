//! Just-in-time registration and provisioning: a device connects with a certificate that nobody
//! registered, signed by a CA that somebody did.
//!
//! AWS: guide, "Just-in-time registration" and "Just-in-time provisioning". Whatever comes of it,
//! this connection fails; a device of a provisioned certificate is let in when it comes again.

mod outcome;
mod turns;

use std::collections::BTreeMap;
use std::sync::Arc;

use fleetwright_ca::BroughtCertificate;
use fleetwright_core::ca_certificate::{NotVouched, Voucher, vouching};
use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::event::registered;
use fleetwright_core::template::{Inputs, Template, TemplateUse};
use fleetwright_core::time::Timestamp;
use fleetwright_host::{clock, random};
use fleetwright_store::{
    ApplyRegistration, CaCertificate, Certificate, Origin, Store, TemplateType,
};
pub use outcome::{FirstConnection, FirstConnectionError, Presented, names};
pub(super) use turns::Turns;

use super::Provisioning;
use super::role::{OF_TEMPLATE, ProvisioningRole};
use crate::registration;

impl Provisioning {
    /// Registers the certificate of a first connection, or provisions its device.
    ///
    /// # Errors
    /// Why neither was done; a certificate that is registered and could not be provisioned stays
    /// `PENDING_ACTIVATION`, and the next connection tries again.
    pub async fn first_connection(
        &self,
        presented: Presented,
    ) -> Result<FirstConnection, FirstConnectionError> {
        let now = clock::now();
        let certificate = BroughtCertificate::from_der(presented.leaf)?;
        certificate.is_well_signed()?;

        // 1. Strangers cost one look-up: no CA has their issuer's name.
        let cas = self.store.ca_certificates_of_subject(certificate.issuer).await?;
        if cas.is_empty() {
            return Err(FirstConnectionError::NotVouched(NotVouched::NoCa));
        }

        // 2. A few at a time, and each certificate once.
        let _turn = self.turns.take(certificate.id).await.ok_or(FirstConnectionError::Busy)?;

        // 3. Which CA vouches for it?
        let along = presented.ca.as_deref().map(fleetwright_ca::certificate_id);
        let ca = vouching_ca(&certificate, cas, along, presented.server_name, now)?;

        // 4. The row comes first: it stays when provisioning fails.
        let pending = self.pending(&certificate, &ca, now).await?;

        // 5. A CA with a template provisions; one without tells, each time.
        let recording =
            self.recording_just_in_time("JustInTimeProvisioning", certificate.id, ca.id);
        let store = &self.store.recording(&recording);
        let provisioned = match self.template_of(&ca).await {
            Ok(Some(template)) => self.provision(store, template, &certificate, now).await,
            Ok(None) => {
                let event = registered(&self.scope, &pending.id, &ca.id, pending.created, now);
                return Ok(FirstConnection::Waits(event));
            }
            Err(refusal) => Err(refusal),
        };
        self.record(&recording, provisioned.as_ref().err()).await;
        Ok(provisioned?)
    }

    /// The registered certificate, which waits.
    async fn pending(
        &self,
        certificate: &BroughtCertificate,
        ca: &CaCertificate,
        now: Timestamp,
    ) -> Result<Certificate, FirstConnectionError> {
        let id = certificate.id;
        if self.store.certificate_state(id).await?.is_none() {
            if let Some(twin) = self.store.certificate_of_tbs(certificate.tbs).await? {
                return Err(FirstConnectionError::Twin(twin.id, twin.status));
            }
            let status = CertificateStatus::PendingActivation;
            let row = registration::row(
                certificate.clone(),
                status,
                Origin::JustInTime,
                ca.mode,
                Some(ca.id),
            );
            let recording = self.recording_just_in_time("JustInTimeRegistration", id, ca.id);
            self.store.recording(&recording).register_certificate(row, now).await?;
            tracing::info!(certificate = %id, ca = %ca.id, "certificate registered just in time");
        }
        let found = self.store.certificate(id).await?;
        let found = found.ok_or_else(|| Refusal::internal("a new certificate is gone"))?;
        if found.status == CertificateStatus::PendingActivation
            && found.origin == Origin::JustInTime
        {
            return Ok(found);
        }
        Err(FirstConnectionError::Settled(found.status))
    }

    /// The template that a CA provisions with, if it does, and the role.
    async fn template_of(&self, ca: &CaCertificate) -> Result<Option<WithRole>, Refusal> {
        if let Some(body) = &ca.config.template_body {
            return Ok(Some(WithRole {
                template: Arc::new(Template::parse(body, TemplateUse::Jitp)?),
                role: ca.config.role_arn.clone().unwrap_or_default(),
                source: self.scope.arn("cacert", ca.id),
                called: "The role of this CA certificate's registration configuration",
            }));
        }
        let Some(name) = &ca.config.template_name else { return Ok(None) };
        let refuse = |code, what: &str| {
            Err(Refusal::new(
                code,
                format!(
                    "Provisioning template {name}, which CA certificate {} names, {what}.",
                    ca.id
                ),
            ))
        };
        let Some(found) = self.templates.get(&self.store, name).await? else {
            return refuse(ErrorCode::ResourceNotFound, "does not exist");
        };
        if found.record.kind != TemplateType::Jitp {
            return refuse(ErrorCode::AccessDenied, "is not of type JITP");
        }
        if !found.record.enabled {
            return refuse(ErrorCode::AccessDenied, "is disabled");
        }
        Ok(Some(WithRole {
            template: Arc::clone(&found.template),
            role: found.record.role_arn.clone(),
            source: self.scope.arn("provisioningtemplate", name),
            called: OF_TEMPLATE,
        }))
    }

    /// The template's plan, as far as its role allows it, applied in one transaction.
    async fn provision(
        &self,
        store: &Store,
        WithRole { template, role, source, called }: WithRole,
        certificate: &BroughtCertificate,
        now: Timestamp,
    ) -> Result<FirstConnection, Refusal> {
        let none = BTreeMap::new();
        let plan = template.evaluate(&Inputs {
            parameters: &none,
            overrides: &none,
            certificate_id: Some(certificate.id),
            subject: Some(&certificate.facts.subject),
        });
        let plan = plan.map_err(|refusal| {
            let subject = outcome::names(&certificate.facts.subject);
            refusal.because(format!("{source}; the subject has {subject}"))
        })?;
        let role = ProvisioningRole { arn: &role, source: &source, called };
        let certificate_arn = self.scope.arn("cert", certificate.id);
        let plan = self.as_role(&role, &certificate_arn, plan).await?.into_inner();
        if let Some(thing) = &plan.thing {
            store.about(&format!("thing/{}", thing.name));
        }
        let thing_id = random::uuid()?;
        let apply = ApplyRegistration {
            plan,
            token: None,
            thing_id,
            claim: None,
            renewal: None,
            pending_only: true,
            now,
        };
        let registered = store.apply_registration(apply).await?;
        Ok(FirstConnection::Provisioned { thing: registered.thing, status: registered.status })
    }
}

/// A template, and the role with whose permissions it works.
struct WithRole {
    template: Arc<Template>,
    role: String,
    source: String,
    called: &'static str,
}

fn vouching_ca(
    certificate: &BroughtCertificate,
    cas: Vec<CaCertificate>,
    along: Option<CertificateId>,
    server_name: bool,
    now: Timestamp,
) -> Result<CaCertificate, FirstConnectionError> {
    let signed: Vec<_> = cas.into_iter().filter(|ca| certificate.is_signed_by(&ca.der)).collect();
    let vouchers: Vec<_> = signed
        .iter()
        .map(|ca| Voucher {
            status: ca.status,
            auto_registration: ca.auto_registration,
            mode: ca.mode,
            in_time: ca.not_before <= now && now <= ca.not_after,
            presented: along == Some(ca.id),
        })
        .collect();
    let chosen = vouching(&vouchers, server_name).map_err(FirstConnectionError::NotVouched)?;
    let chosen = signed.into_iter().nth(chosen);
    chosen.ok_or(FirstConnectionError::NotVouched(NotVouched::NoCa))
}
