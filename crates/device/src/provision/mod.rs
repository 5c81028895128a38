//! Provisioning: claim to certificate to thing. [`journal`] decides; this module sends, receives and
//! stores.

mod config;
mod error;
mod event;
mod exchange;
mod journal;
mod message;
#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

pub use config::{Method, ProvisionConfig};
pub use error::ProvisionError;
pub use event::ProvisionEvent;
use exchange::{Exchange, MqttExchange};
pub(crate) use journal::Journal;
use journal::{Step, Verdict};
use message::Response;
pub use message::{Operation, Rejection};
use tokio::time::{Instant, sleep, timeout_at};

use crate::{Identity, IdentityStore, key, random};

/// A second close by the server at the same point may be chance; at the third it is policy.
const CLOSES_THAT_ARE_POLICY: u32 = 3;

/// Brings one device into the fleet.
#[derive(Debug)]
pub struct Provisioner {
    config: ProvisionConfig,
}

impl Provisioner {
    /// Nothing is checked or sent yet.
    pub fn new(config: ProvisionConfig) -> Self {
        Self { config }
    }

    /// Provisions into `store`, telling `on_event` what happens. Goes on from where an earlier,
    /// cut call was. If the store has an identity already (and `force` is not set), that is the
    /// result.
    ///
    /// # Errors
    /// A final refusal by the server, settings that cannot work, a store that cannot be used, or
    /// the retries being used up. What was reached stays in the store; calling again goes on there.
    pub async fn provision(
        &self,
        store: &IdentityStore,
        on_event: impl FnMut(&ProvisionEvent) + Send,
    ) -> Result<Identity, ProvisionError> {
        self.config.check()?;
        let exchange = MqttExchange::new(&self.config);
        Provisioning { config: &self.config, store, exchange, on_event, closes: 0 }.run().await
    }
}

struct Provisioning<'a, E, F> {
    config: &'a ProvisionConfig,
    store: &'a IdentityStore,
    exchange: E,
    on_event: F,
    /// Closes by the server in a row.
    closes: u32,
}

impl<E: Exchange, F: FnMut(&ProvisionEvent) + Send> Provisioning<'_, E, F> {
    async fn run(mut self) -> Result<Identity, ProvisionError> {
        // 1. One process per directory.
        let _lock = self.store.lock()?;
        // 2. Where are we?
        let mut journal = self.store.journal()?;
        if matches!(journal, Journal::Fresh)
            && !self.config.force
            && let Some(identity) = self.store.load()?
        {
            (self.on_event)(&ProvisionEvent::AlreadyProvisioned);
            return Ok(identity);
        }
        if !matches!(journal, Journal::Fresh) {
            (self.on_event)(&ProvisionEvent::Resuming { from: journal.to_string() });
        }
        // 3. Step by step, each one on the disk before the next.
        let deadline = self.config.retry.deadline.map(|longest| Instant::now() + longest);
        let mut attempt = 1;
        loop {
            let step = journal.next_step(self.config, unix_seconds())?;
            if let Step::Commit(identity) = step {
                self.store.commit(&identity)?;
                (self.on_event)(&ProvisionEvent::Registered {
                    thing_name: identity.thing_name.clone(),
                });
                self.exchange.close().await;
                return Ok(*identity);
            }
            let Err(failure) = self.take(&mut journal, step, deadline).await else { continue };
            let failure = self.unless_policy(failure);
            if !failure.is_transient() {
                self.exchange.close().await;
                return Err(failure);
            }
            self.pause(attempt, failure, deadline).await?;
            attempt += 1;
        }
    }

    /// One step of the journal.
    async fn take(
        &mut self,
        journal: &mut Journal,
        step: Step,
        deadline: Option<Instant>,
    ) -> Result<(), ProvisionError> {
        match step {
            Step::MakeKey(key_type) => {
                *journal = Journal::key_made(key_type, key::generate(key_type)?);
                self.store.save_journal(journal)?;
                (self.on_event)(&ProvisionEvent::KeyMade { key_type });
            }
            Step::GiveUpCertificate { certificate_id } => {
                *journal = journal.without_certificate();
                self.store.save_journal(journal)?;
                (self.on_event)(&ProvisionEvent::CertificateGivenUp { certificate_id });
            }
            Step::Request(operation) => {
                let payload = journal.payload(operation, self.config)?;
                // Marked before it is sent: after a cut we must know that it may have arrived.
                let sent_before = journal.mark_sent(operation, self.config);
                if operation == Operation::RegisterThing && !sent_before {
                    self.store.save_journal(journal)?;
                }
                (self.on_event)(&ProvisionEvent::Requesting { operation });
                let answer = self.request(operation, payload, deadline).await?;
                self.closes = 0;
                return self.settle(journal, operation, answer, sent_before);
            }
            Step::Commit(_) => {}
        }
        Ok(())
    }

    async fn request(
        &mut self,
        operation: Operation,
        payload: Vec<u8>,
        deadline: Option<Instant>,
    ) -> Result<Response, ProvisionError> {
        let response = self.exchange.request(operation, payload);
        let Some(deadline) = deadline else { return Ok(response.await?) };
        match timeout_at(deadline, response).await {
            Ok(answer) => Ok(answer?),
            Err(_elapsed) => Err(ProvisionError::OutOfTime {
                after: self.config.retry.deadline.unwrap_or_default(),
                last: format!("{operation} was under way"),
            }),
        }
    }

    /// Brings the journal up to the response, on the disk before anything else.
    fn settle(
        &mut self,
        journal: &mut Journal,
        operation: Operation,
        answer: Response,
        sent_before: bool,
    ) -> Result<(), ProvisionError> {
        let rejection = match answer {
            Response::Accepted(payload) => {
                *journal = journal.accepted(operation, &payload, self.config, unix_seconds())?;
                self.store.save_journal(journal)?;
                if let Some(certificate_id) = journal.certificate_id() {
                    (self.on_event)(&ProvisionEvent::Accepted {
                        operation,
                        certificate_id: certificate_id.to_owned(),
                    });
                }
                return Ok(());
            }
            Response::Rejected(rejection) => rejection,
        };
        let (next, verdict) = journal.rejected(operation, &rejection, sent_before);
        if next != *journal {
            *journal = next;
            self.store.save_journal(journal)?;
        }
        let parameters = self.config.parameters.clone();
        Err(match verdict {
            Verdict::Final => ProvisionError::Refused { rejection, parameters },
            Verdict::Retry => ProvisionError::TryLater { rejection },
        })
    }

    /// A server that keeps closing at the same point does so by policy.
    fn unless_policy(&mut self, failure: ProvisionError) -> ProvisionError {
        let ProvisionError::Connection(crate::ConnectionError::Closed { during }) = failure else {
            return failure;
        };
        self.closes += 1;
        if self.closes < CLOSES_THAT_ARE_POLICY {
            return ProvisionError::Connection(crate::ConnectionError::Closed { during });
        }
        ProvisionError::KeptClosing { during, times: self.closes }
    }

    async fn pause(
        &mut self,
        attempt: u32,
        failure: ProvisionError,
        deadline: Option<Instant>,
    ) -> Result<(), ProvisionError> {
        let policy = &self.config.retry;
        if policy.exhausted(attempt) {
            return Err(ProvisionError::GaveUp { attempts: attempt, last: Box::new(failure) });
        }
        let delay = policy.delay(attempt, random::number());
        if let (Some(deadline), Some(after)) = (deadline, policy.deadline)
            && Instant::now() + delay >= deadline
        {
            return Err(ProvisionError::OutOfTime { after, last: failure.to_string() });
        }
        (self.on_event)(&ProvisionEvent::Retrying { attempt, delay, cause: failure.to_string() });
        sleep(delay).await;
        Ok(())
    }
}

/// The device's clock; zero if it stands before 1970.
fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
