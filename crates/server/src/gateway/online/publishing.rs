//! What a device publishes.

use fleetwright_core::service_request::Audience;
use fleetwright_mqtt::{DisconnectCode, PubAckCode, Publish, Qos, Version};

use super::{End, Online};
use crate::clock;
use crate::gateway::authorize::{self, Authorized};
use crate::gateway::enrichment;
use crate::gateway::topics::{self, Ordinary, Request};

impl Online {
    pub(super) async fn on_publish(&mut self, mut publish: Publish) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        let (qos, id) = (publish.qos, publish.id);
        enrichment::enrich(&self.rights, &mut publish.properties);
        let routed = match topics::route(publish) {
            Ok(routed) => routed,
            Err(refused) => {
                let (publish, reason) = *refused;
                tracing::info!(client_id = self.rights.client_id(), topic = %publish.topic, reason);
                self.refuse_publish(
                    &publish,
                    PubAckCode::TopicNameInvalid,
                    DisconnectCode::TopicNameInvalid,
                    &reason,
                );
                return self
                    .session
                    .is_closed()
                    .then_some(End::Violation { clause: "limit", reason });
            }
        };
        match authorize::publish(&self.rights, routed) {
            Ok(authorized) => {
                let done = match authorized.for_subscribers() {
                    Ok(publish) => self.hand_to_subscribers(&publish).await,
                    Err((request, publish)) => self.hand_to_server(request, &publish),
                };
                if let Err(end) = done {
                    return end;
                }
                if let (Qos::AtLeastOnce, Some(id)) = (qos, id) {
                    self.session.acknowledge(id, PubAckCode::Success, None);
                }
                None
            }
            Err(refused) => {
                let (routed, denied) = *refused;
                let publish = routed.message();
                denied.log(&self.rights);
                let reason = denied.reason_string();
                self.refuse_publish(
                    publish,
                    PubAckCode::NotAuthorized,
                    DisconnectCode::NotAuthorized,
                    &reason,
                );
                self.session.is_closed().then_some(End::Denied)
            }
        }
    }

    /// Keeps and routes a message; the error is how it was refused, and the end if that ends the
    /// connection.
    async fn hand_to_subscribers(
        &mut self,
        publish: &Authorized<Ordinary<Publish>>,
    ) -> Result<(), Option<End>> {
        // Kept before it is acknowledged: what was acknowledged is not lost.
        let by = Some(self.rights.certificate_row());
        if let Err(refusal) = self.gateway.retain(&self.gateway.store, publish, by).await {
            if let Err(ended) = self.standing.check() {
                return Err(Some(ended.into()));
            }
            tracing::error!(%refusal, "a message was not retained");
            self.refuse_publish(
                publish.get().get(),
                PubAckCode::QuotaExceeded,
                DisconnectCode::QuotaExceeded,
                &refusal.message,
            );
            return Err(self.session.is_closed().then_some(End::Server));
        }
        let route = || self.gateway.router.publish(self.number, publish);
        self.standing.act(route).map_err(|ended| Some(ended.into()))?;
        Ok(())
    }

    /// Asks the server, which answers later or at once.
    fn hand_to_server(&mut self, request: Request, publish: &Publish) -> Result<(), Option<End>> {
        match request {
            Request::Provisioning(topic) => {
                // A view into the input buffer would keep all of it for as long as the ask waits.
                match self.gateway.ledger.share(&publish.payload[..], 0) {
                    Some(payload) => self.ask(topic, payload),
                    None => return Err(Some(End::Memory)),
                }
            }
            Request::Service(request) => {
                tracing::debug!(
                    client_id = self.rights.client_id(), topic = %publish.topic,
                    "a request to a service that is not offered"
                );
                match request.audience() {
                    Audience::Asker => {
                        let answer = request.answer(&publish.payload, clock::now());
                        self.send_directly(answer.topic, answer.payload);
                    }
                    Audience::Subscribers => {
                        let answer =
                            || self.gateway.answer_to_subscribers(&request, &publish.payload);
                        self.standing.act(answer).map_err(|ended| Some(ended.into()))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// MQTT 5, QoS 1: told in the PUBACK, stays open. Anything else: the connection ends, as AWS
    /// ends it (specification, section 2).
    fn refuse_publish(
        &mut self,
        publish: &Publish,
        code: PubAckCode,
        otherwise: DisconnectCode,
        reason: &str,
    ) {
        match publish.id {
            Some(id)
                if self.session.version() == Version::V5 && !self.gateway.settings.strict_close =>
            {
                self.session.acknowledge(id, code, Some(reason));
            }
            _ => self.session.disconnect(otherwise, reason),
        }
    }
}
