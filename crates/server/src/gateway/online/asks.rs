//! Provisioning requests of a connection: one under way, the others in line behind it.

use std::collections::VecDeque;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fleetwright_core::limits;
use fleetwright_core::reserved_topic::ProvisioningTopic;
use fleetwright_mqtt::{Delivered, Delivery, Qos};
use tokio::task::JoinHandle;

use super::Online;
use crate::clock;
use crate::gateway::Gateway;
use crate::policies::Rights;
use crate::provisioning::{Answer, Ask};

/// Provisioning requests that wait behind the one under way; a device that sends more is not read
/// until there is room. (ours)
const ASKS_WAITING: usize = 32;
/// Longest wait for answers under way when the server stops or the certificate is switched off.
/// A hook has [`limits::HOOK_MILLIS`]; the rest is ours.
const LAST_ANSWERS: Duration = Duration::from_millis(limits::HOOK_MILLIS + 3_000);

/// Made with the first request: most connections never have one.
#[derive(Default)]
pub(super) struct Asks(Option<Box<Line>>);

struct Line {
    /// A task of its own, so that a request whose device is cut off still comes to its end: the
    /// device retries with the same token and is told the outcome.
    under_way: JoinHandle<Answer>,
    waiting: VecDeque<(ProvisioningTopic, Bytes)>,
}

impl Asks {
    /// Whether another request would find no room.
    pub(super) fn is_full(&self) -> bool {
        self.0.as_ref().is_some_and(|line| line.waiting.len() >= ASKS_WAITING)
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
            Some(line) => line.waiting.push_back((topic, payload)),
            nothing => {
                let under_way = begin(&self.gateway, &self.rights, topic, payload);
                *nothing = Some(Box::new(Line { under_way, waiting: VecDeque::new() }));
            }
        }
    }

    /// Sends an answer to this device, subscribed or not, once, and begins with the next request.
    pub(super) fn send_answer(&mut self, answer: Answer) {
        let subscribed = self.subscriptions.get(answer.topic.as_str()).copied();
        let delivery = Delivery {
            token: 0,
            topic: answer.topic.into(),
            payload: answer.payload.into(),
            qos: subscribed.unwrap_or(Qos::AtMostOnce),
            retain: false,
            message_expiry: None,
            properties: None,
        };
        let delivered = self.session.deliver(&delivery, clock::monotonic_millis());
        if let Delivered::Dropped(why) = delivered {
            tracing::warn!(
                client_id = self.rights.client_id(), topic = %delivery.topic, ?why,
                bytes = delivery.payload.len(), "a provisioning answer could not be sent"
            );
        }
        let Some(line) = &mut self.asks.0 else { return };
        match line.waiting.pop_front() {
            Some((topic, payload)) => {
                line.under_way = begin(&self.gateway, &self.rights, topic, payload);
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
                self.send_answer(answer);
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
) -> JoinHandle<Answer> {
    let provisioning = Arc::clone(&gateway.provisioning);
    let ask = Ask {
        topic,
        payload,
        claim: rights.certificate_id(),
        claim_row: rights.certificate_row(),
        client_id: rights.client_id().into(),
        held_to: rights.held().map(|held| held.template.clone()),
    };
    tokio::spawn(async move { provisioning.answer(ask).await })
}
