//! Provisioning requests of a connection: one under way, the others in line behind it.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use fleetwright_core::limits;
use fleetwright_core::reserved_topic::ProvisioningTopic;
use fleetwright_mqtt::{Delivered, Delivery, Qos};
use tokio::task::JoinHandle;

use super::{End, Online};
use crate::clock;
use crate::gateway::Gateway;
use crate::policies::Rights;
use crate::provisioning::{Answer, Ask};

/// Provisioning requests that wait behind the one under way; a device that sends more is not read
/// until there is room. (ours)
const ASKS_WAITING: usize = 32;
/// The same, bytes of their payloads. (ours)
const ASKS_BYTES: usize = 512 * 1024;
/// Longest wait for answers under way when the server stops, or for the one that outlives its
/// certificate.
/// A hook has [`limits::HOOK_MILLIS`]; the rest is ours.
const LAST_ANSWERS: Duration = Duration::from_millis(limits::HOOK_MILLIS + 3_000);

/// Made with the first request: most connections never have one.
#[derive(Default)]
pub(super) struct Asks(Option<Box<Line>>);

struct Line {
    /// A task of its own, so that a request whose device is cut off still comes to its end: the
    /// device retries with the same token and is told the outcome.
    under_way: JoinHandle<Answer>,
    /// Whether the one under way may outlive its certificate: see [`Answer::outlives`].
    outlives: Arc<AtomicBool>,
    /// Its answer, where it came together with the end of the certificate.
    answered: Option<Answer>,
    waiting: VecDeque<(ProvisioningTopic, Bytes)>,
    /// Of the payloads that wait.
    bytes: usize,
    /// Of the payload under way.
    bytes_under_way: usize,
}

impl Asks {
    /// Whether another request would find no room.
    pub(super) fn is_full(&self) -> bool {
        self.0
            .as_ref()
            .is_some_and(|line| line.waiting.len() >= ASKS_WAITING || line.bytes >= ASKS_BYTES)
    }

    /// Bytes that the requests in line hold.
    pub(super) fn bytes(&self) -> usize {
        self.0.as_ref().map_or(0, |line| {
            line.bytes + line.waiting.len() * Delivery::OVERHEAD + line.bytes_under_way
        })
    }

    /// The next answer; pending while nothing is under way, `None` after a fault of ours. May be
    /// dropped and asked for again without loss.
    pub(super) async fn next(&mut self) -> Option<Answer> {
        match &mut self.0 {
            Some(line) => (&mut line.under_way)
                .await
                .inspect_err(|fault| tracing::error!(%fault, "a provisioning request failed"))
                .ok(),
            None => pending().await,
        }
    }
}

impl Online {
    /// Puts a provisioning request in line: they are answered in the order of their arrival.
    pub(super) fn ask(&mut self, topic: ProvisioningTopic, payload: Bytes) {
        match &mut self.asks.0 {
            Some(line) => {
                line.bytes += payload.len();
                line.waiting.push_back((topic, payload));
            }
            nothing => {
                let bytes_under_way = payload.len();
                let (under_way, outlives) = begin(&self.gateway, &self.rights, topic, payload);
                let (answered, waiting, bytes) = (None, VecDeque::new(), 0);
                let line = Line { under_way, outlives, answered, waiting, bytes, bytes_under_way };
                *nothing = Some(Box::new(line));
            }
        }
    }

    /// An answer is there: it is sent, and the next request begins, if the certificate is still good.
    pub(super) fn on_answer(&mut self, answer: Answer) -> Option<End> {
        if let Err(ended) = self.standing.check() {
            // Kept for the goodbye, which knows what outlives the certificate.
            if let Some(line) = &mut self.asks.0 {
                line.answered = Some(answer);
            }
            return Some(ended.into());
        }
        self.send_answer(answer);
        self.next_ask();
        None
    }

    /// The answer under way, if it outlives the certificate; the requests behind it are dropped.
    pub(super) async fn last_answer(&mut self) -> Option<Answer> {
        let mut line = self.asks.0.take()?;
        let answer = match line.answered {
            Some(answer) => answer,
            None if !line.outlives.load(Ordering::Acquire) => return None,
            None => tokio::time::timeout(LAST_ANSWERS, &mut line.under_way).await.ok()?.ok()?,
        };
        answer.outlives.then_some(answer)
    }

    /// Sends an answer to this device.
    pub(super) fn send_answer(&mut self, answer: Answer) {
        self.send_directly(answer.topic, answer.payload);
    }

    /// Sends an answer of the server's to this device and nobody else, subscribed or not, once.
    pub(super) fn send_directly(&mut self, topic: String, payload: Vec<u8>) {
        let subscribed = self.subscriptions.get(topic.as_str()).copied();
        let delivery = Delivery {
            token: 0,
            topic: topic.into(),
            payload: payload.into(),
            qos: subscribed.unwrap_or(Qos::AtMostOnce),
            retain: false,
            message_expiry: None,
            properties: None,
        };
        let delivered = self.session.deliver(&delivery, clock::monotonic_millis());
        if let Delivered::Dropped(why) = delivered {
            tracing::warn!(
                client_id = self.rights.client_id(), topic = %delivery.topic, ?why,
                bytes = delivery.payload.len(), "an answer could not be sent"
            );
        }
    }

    /// Begins with the next request in line.
    fn next_ask(&mut self) {
        let Some(line) = &mut self.asks.0 else { return };
        match line.waiting.pop_front() {
            Some((topic, payload)) => {
                line.bytes_under_way = payload.len();
                line.bytes -= payload.len();
                (line.under_way, line.outlives) =
                    begin(&self.gateway, &self.rights, topic, payload);
            }
            None => self.asks.0 = None,
        }
    }

    /// Gives every request in line its answer, within [`LAST_ANSWERS`] for all of them.
    pub(super) async fn finish_asks(&mut self) {
        // Boxed: seldom needed, and every idle connection would hold the room for it.
        let all = Box::pin(async {
            while self.asks.0.is_some()
                && let Some(answer) = self.asks.next().await
            {
                if self.on_answer(answer).is_some() {
                    break;
                }
            }
        });
        let _ = tokio::time::timeout(LAST_ANSWERS, all).await;
    }
}

fn begin(
    gateway: &Arc<Gateway>,
    rights: &Rights,
    topic: ProvisioningTopic,
    payload: Bytes,
) -> (JoinHandle<Answer>, Arc<AtomicBool>) {
    let provisioning = Arc::clone(&gateway.provisioning);
    let outlives = Arc::new(AtomicBool::new(false));
    let ask = Ask {
        outlives: Arc::clone(&outlives),
        topic,
        payload,
        claim: rights.certificate_id(),
        claim_row: rights.certificate_row(),
        client_id: rights.client_id().into(),
        held_to: rights.held().map(|held| held.template.clone()),
    };
    (tokio::spawn(async move { provisioning.answer(ask).await }), outlives)
}
