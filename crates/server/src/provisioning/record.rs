//! What a provisioning request leaves in the audit trail.

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::reserved_topic::Operation;
use fleetwright_store::AuditRecord;

use super::{Ask, Provisioning};
use crate::audit::{ACCEPTED, DENIED, REJECTED};
use crate::{clock, random};

impl Provisioning {
    /// Records one decision. The device's parameters may be secrets: they leave no trace.
    pub(super) async fn record(&self, ask: &Ask, refusal: Option<&Refusal>, request_id: &str) {
        let (operation, resource) = match &ask.topic.operation {
            Operation::CreateKeysAndCertificate => ("CreateKeysAndCertificate", None),
            Operation::CreateCertificateFromCsr => ("CreateCertificateFromCsr", None),
            Operation::RegisterThing { template } => ("RegisterThing", Some(template.to_string())),
        };
        let client_id = Some(ask.client_id.to_string());
        self.keep(ask.claim, client_id, operation, resource, refusal, request_id).await;
    }

    /// Records what came of provisioning a device just in time; the resource is its CA.
    pub(super) async fn record_just_in_time(
        &self,
        certificate: CertificateId,
        ca: CertificateId,
        refusal: Option<&Refusal>,
    ) {
        let resource = Some(ca.to_string());
        let request_id = random::uuid().map(|id| id.to_string()).unwrap_or_default();
        let operation = "JustInTimeProvisioning";
        self.keep(certificate, None, operation, resource, refusal, &request_id).await;
    }

    async fn keep(
        &self,
        certificate: CertificateId,
        client_id: Option<String>,
        operation: &str,
        resource: Option<String>,
        refusal: Option<&Refusal>,
        request_id: &str,
    ) {
        let outcome = match refusal.map(|refusal| refusal.code) {
            None => ACCEPTED,
            Some(ErrorCode::AccessDenied | ErrorCode::Unauthorized) => DENIED,
            Some(_) => REJECTED,
        };
        let record = AuditRecord {
            at: clock::now(),
            principal: self.home.arn("cert", certificate),
            client_id,
            operation: operation.to_owned(),
            resource,
            parameters: String::new(),
            source: None,
            outcome: outcome.to_owned(),
            code: refusal.map(|refusal| refusal.code.mqtt_name().to_owned()),
            reason: refusal.map(reason),
            request_id: request_id.to_owned(),
        };
        self.audit.record(record).await;
    }
}

/// What the device was told; of a decision, which its owner must understand, also the cause: which
/// hook or role, and why. Causes of other refusals are for the log alone.
fn reason(refusal: &Refusal) -> String {
    match (&refusal.cause, refusal.code) {
        (Some(cause), ErrorCode::AccessDenied) => format!("{} ({cause})", refusal.message),
        _ => refusal.message.clone(),
    }
}
