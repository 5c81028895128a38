//! What a provisioning request leaves in the audit trail.

use std::sync::Arc;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::reserved_topic::Operation;
use fleetwright_host::random;
use fleetwright_installation::audit::{self, DENIED, REJECTED};
use fleetwright_store::{AuditRecord, Recording};

use super::{Provisioning, ProvisioningRequest};

impl Provisioning {
    /// The record of a request, to be kept with what it changes. The device's parameters may be
    /// secrets: they leave no trace.
    pub(super) fn recording(
        &self,
        request: &ProvisioningRequest,
        request_id: &str,
    ) -> Arc<Recording> {
        let (operation, resource) = match &request.topic.operation {
            Operation::CreateKeysAndCertificate => ("CreateKeysAndCertificate", None),
            Operation::CreateCertificateFromCsr => ("CreateCertificateFromCsr", None),
            Operation::RegisterThing { template } => ("RegisterThing", Some(template.to_string())),
        };
        let principal = self.scope.arn("cert", request.claim);
        audit::recording(AuditRecord {
            client_id: Some(request.client_id.to_string()),
            ..audit::accepted(principal, operation, resource, request_id.to_owned())
        })
    }

    /// The record of what is done just in time about a device; the resource is its CA.
    pub(super) fn recording_just_in_time(
        &self,
        operation: &str,
        certificate: CertificateId,
        ca: CertificateId,
    ) -> Arc<Recording> {
        let principal = self.scope.arn("cert", certificate);
        let request_id = random::uuid().map(|id| id.to_string()).unwrap_or_default();
        audit::recording(audit::accepted(principal, operation, Some(ca.to_string()), request_id))
    }

    /// Records one decision, unless it was kept with its change.
    pub(super) async fn record(&self, recording: &Recording, refusal: Option<&Refusal>) {
        match refusal {
            None if recording.is_committed() => return,
            None => {}
            Some(refusal) => refused(recording, refusal),
        }
        self.audit.record(recording.record()).await;
    }
}

/// The record of a line of a bulk file: its request is the task, its principal the role with whose
/// permissions the task works.
pub(crate) fn recording_line(role: &str, task: &str, line: u64) -> Arc<Recording> {
    let resource = format!("thingregistrationtask/{task} line/{line}");
    let record = audit::accepted(role.to_owned(), "RegisterThing", Some(resource), task.to_owned());
    audit::recording(record)
}

/// Makes the record that of a refusal.
pub(crate) fn refused(recording: &Recording, refusal: &Refusal) {
    let outcome = match refusal.code {
        ErrorCode::AccessDenied | ErrorCode::Unauthorized => DENIED,
        _ => REJECTED,
    };
    recording.amend(|record| {
        record.outcome = outcome.to_owned();
        record.code = Some(refusal.code.mqtt_name().to_owned());
        record.reason = Some(reason(refusal));
    });
}

/// What the device was sent; of a decision, which its owner must understand, also the cause: which
/// hook or role, and why. Causes of other refusals are for the log alone.
fn reason(refusal: &Refusal) -> String {
    match (&refusal.cause, refusal.code) {
        (Some(cause), ErrorCode::AccessDenied) => format!("{} ({cause})", refusal.message),
        _ => refusal.message.clone(),
    }
}
