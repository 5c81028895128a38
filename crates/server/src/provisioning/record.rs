//! What a provisioning request leaves in the audit trail.

use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::reserved_topic::Operation;
use fleetwright_store::AuditRecord;

use super::{Ask, Provisioning};
use crate::audit::{ACCEPTED, DENIED, REJECTED};
use crate::{clock, random};

impl Provisioning {
    /// Records one decision. The device's parameters may be secrets: they leave no trace.
    pub(super) async fn record(&self, ask: &Ask, refusal: Option<&Refusal>) {
        let (operation, resource) = match &ask.topic.operation {
            Operation::CreateKeysAndCertificate => ("CreateKeysAndCertificate", None),
            Operation::CreateCertificateFromCsr => ("CreateCertificateFromCsr", None),
            Operation::RegisterThing { template } => ("RegisterThing", Some(template.to_string())),
        };
        let outcome = match refusal.map(|refusal| refusal.code) {
            None => ACCEPTED,
            Some(ErrorCode::AccessDenied | ErrorCode::Unauthorized) => DENIED,
            Some(_) => REJECTED,
        };
        let request_id = random::uuid().map(|id| id.to_string()).unwrap_or_default();
        let record = AuditRecord {
            at: clock::now(),
            principal: self.home.arn("cert", ask.claim),
            client_id: Some(ask.client_id.to_string()),
            operation: operation.to_owned(),
            resource,
            parameters: String::new(),
            source: None,
            outcome: outcome.to_owned(),
            code: refusal.map(|refusal| refusal.code.mqtt_name().to_owned()),
            reason: refusal.map(|refusal| refusal.message.clone()),
            request_id,
        };
        self.audit.record(record).await;
    }
}
