//! From an ask to its answer.

use std::sync::atomic::Ordering;

use fleetwright_core::error::Refusal;
use fleetwright_core::payload::Rejected;
use fleetwright_core::reserved_topic::Operation;

use super::{Answer, Ask, Provisioning};
use crate::{clock, random};

impl Provisioning {
    /// Answers one request: tells the operation's story, and logs why when it is refused.
    pub async fn answer(&self, ask: Ask) -> Answer {
        let request_id = random::uuid().map(|id| id.to_string()).unwrap_or_default();
        let recording = self.recording(&ask, &request_id);
        let store = &self.store.recording(&recording);
        let told = match self.claims.admit(&ask.claim, clock::now()) {
            Ok(()) => match &ask.topic.operation {
                Operation::CreateKeysAndCertificate => self.create_keys(store, &ask).await,
                Operation::CreateCertificateFromCsr => self.create_from_csr(store, &ask).await,
                Operation::RegisterThing { template } => {
                    self.register_thing(store, &ask, template, &request_id).await
                }
            },
            Err(refusal) => Err(refusal),
        };
        self.record(&recording, told.as_ref().err()).await;
        match told {
            Ok(payload) => {
                let outlives = ask.outlives.load(Ordering::Acquire);
                Answer { topic: ask.topic.accepted(), payload, outlives }
            }
            Err(refusal) => {
                log_refusal(&ask, &refusal, &request_id);
                let payload = Rejected::from(&refusal).encode(ask.topic.format);
                Answer { topic: ask.topic.rejected(), payload, outlives: false }
            }
        }
    }
}

/// AWS names the event of the two create operations `GetDeviceCredentials` and that of
/// `RegisterThing` `ProvisionDevice` (guide, "CloudWatch Logs entries").
fn log_refusal(ask: &Ask, refusal: &Refusal, request_id: &str) {
    let (event, template) = match &ask.topic.operation {
        Operation::RegisterThing { template } => ("ProvisionDevice", Some(template.as_str())),
        _ => ("GetDeviceCredentials", None),
    };
    tracing::warn!(
        event, status = "Failure", request_id, template, claim = %ask.claim, client_id = %ask.client_id,
        code = refusal.code.mqtt_name(), cause = refusal.cause.as_deref(),
        "{}", refusal.message
    );
}
