//! A device's request over MQTT, and its answer on the same connection.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::TemplateName;
use fleetwright_core::payload::Rejected;
use fleetwright_core::reserved_topic::{Operation, ProvisioningTopic};
use fleetwright_host::{clock, random};
use fleetwright_store::CertificateRow;

use crate::Provisioning;

/// One request of a device to the provisioning API.
#[derive(Debug)]
pub struct ProvisioningRequest {
    /// The request topic: operation and format.
    pub topic: ProvisioningTopic,
    /// The payload as published.
    pub payload: Bytes,
    /// The certificate of the connection.
    pub claim: CertificateId,
    /// Its row.
    pub claim_row: CertificateRow,
    /// The connection's client id.
    pub client_id: Box<str>,
    /// The only template that the claim may register with; `None` leaves that to its policies.
    pub held_to: Option<TemplateName>,
    /// Set as soon as the request may be answered although its certificate was switched off
    /// meanwhile: see [`Answer::outlives`].
    pub outlives: Arc<AtomicBool>,
}

/// The answer to one request; goes to the asking connection and nowhere else.
pub struct Answer {
    /// `…/accepted` or `…/rejected`.
    pub topic: String,
    /// In the request's format. May hold a private key: it has no `Debug`.
    pub payload: Vec<u8>,
    /// It is sent even to a connection whose certificate was switched off meanwhile: the device was
    /// registered before that, or renewed itself with a rotation hook that switched the old
    /// certificate off (specification, section 13, item 8). Never a new certificate or key.
    pub outlives: bool,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("topic", &self.topic).finish_non_exhaustive()
    }
}

impl Provisioning {
    /// Carries out one request, whose publish was authorized, and logs why when it is refused.
    pub async fn answer(&self, request: Authorized<ProvisioningRequest>) -> Answer {
        let request = request.into_inner();
        let request_id = random::uuid().map(|id| id.to_string()).unwrap_or_default();
        let recording = self.recording(&request, &request_id);
        let store = &self.store.recording(&recording);
        let done = match self.claims.admit(&request.claim, clock::now()) {
            Ok(()) => match &request.topic.operation {
                Operation::CreateKeysAndCertificate => self.create_keys(store, &request).await,
                Operation::CreateCertificateFromCsr => self.create_from_csr(store, &request).await,
                Operation::RegisterThing { template } => {
                    self.register_thing(store, &request, template, &request_id).await
                }
            },
            Err(refusal) => Err(refusal),
        };
        self.record(&recording, done.as_ref().err()).await;
        match done {
            Ok(payload) => {
                let outlives = request.outlives.load(Ordering::Acquire);
                Answer { topic: request.topic.accepted(), payload, outlives }
            }
            Err(refusal) => {
                log_refusal(&request, &refusal, &request_id);
                let payload = Rejected::from(&refusal).encode(request.topic.format);
                Answer { topic: request.topic.rejected(), payload, outlives: false }
            }
        }
    }
}

/// AWS names the event of the two create operations `GetDeviceCredentials` and that of
/// `RegisterThing` `ProvisionDevice` (guide, "CloudWatch Logs entries").
fn log_refusal(request: &ProvisioningRequest, refusal: &Refusal, request_id: &str) {
    let (event, template) = match &request.topic.operation {
        Operation::RegisterThing { template } => ("ProvisionDevice", Some(template.as_str())),
        _ => ("GetDeviceCredentials", None),
    };
    tracing::warn!(
        event, status = "Failure", request_id, template, claim = %request.claim, client_id = %request.client_id,
        code = refusal.code.mqtt_name(), cause = refusal.cause.as_deref(),
        "{}", refusal.message
    );
}
