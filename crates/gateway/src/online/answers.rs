//! Answers to this device alone: those of its provisioning requests, one after the other.

use fleetwright_host::clock;
use fleetwright_mqtt::{Delivered, Delivery, Qos};
use fleetwright_provisioning::Answer;

use super::requests::{LAST_ANSWERS, Waiting};
use super::{End, Online};

impl Online {
    /// Puts a provisioning request in line: they are answered in the order of their arrival.
    pub(super) fn enqueue(&mut self, request: Waiting) {
        self.requests.enqueue(&self.gateway, &self.rights, request);
    }

    /// An answer is there: it is sent, and the next request begins, if the certificate is still good.
    pub(super) fn on_answer(&mut self, answer: Answer) -> Option<End> {
        if let Err(ended) = self.standing.check() {
            // Kept for the goodbye, which knows what outlives the certificate.
            self.requests.keep(answer);
            return Some(ended.into());
        }
        self.send_answer(answer);
        self.requests.advance(&self.gateway, &self.rights);
        None
    }

    /// Sends an answer to this device.
    pub(super) fn send_answer(&mut self, answer: Answer) {
        self.gateway.counts.answer(&answer.topic);
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
        self.gateway.sent(self.rights.client_id(), &delivery, delivered);
        if let Delivered::Dropped(why) = delivered {
            tracing::warn!(
                client_id = self.rights.client_id(), topic = %delivery.topic, ?why,
                bytes = delivery.payload.len(), "an answer could not be sent"
            );
        }
    }

    /// Gives every request in line its answer, within [`LAST_ANSWERS`] for all of them.
    pub(super) async fn finish_requests(&mut self) {
        // Boxed: seldom needed, and every idle connection would hold the room for it.
        let all = Box::pin(async {
            while !self.requests.is_empty()
                && let Some(answer) = self.requests.next(self.rights.client_id()).await
            {
                if self.on_answer(answer).is_some() {
                    break;
                }
            }
        });
        let _ = tokio::time::timeout(LAST_ANSWERS, all).await;
    }
}
