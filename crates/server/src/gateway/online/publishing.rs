//! What a device publishes.

use fleetwright_mqtt::{DisconnectCode, PubAckCode, Publish, Qos, Version};

use super::{End, Online};
use crate::gateway::{authorize, enrichment, topics};

impl Online {
    pub(super) async fn on_publish(&mut self, mut publish: Publish) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        let class = match topics::of_publish(&publish.topic, publish.retain) {
            Ok(class) => class,
            Err(reason) => {
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
        let (qos, id) = (publish.qos, publish.id);
        enrichment::enrich(&self.rights, &mut publish.properties);
        match authorize::publish(&self.rights, publish) {
            Ok(publish) => {
                match class {
                    topics::Publish::Ordinary => {
                        // Kept before it is acknowledged: what was acknowledged is not lost.
                        let by = Some(self.rights.certificate_row());
                        let store = &self.gateway.store;
                        if let Err(refusal) = self.gateway.retain(store, &publish, by).await {
                            if let Err(ended) = self.standing.check() {
                                return Some(ended.into());
                            }
                            tracing::error!(%refusal, "a message was not retained");
                            self.refuse_publish(
                                publish.get(),
                                PubAckCode::QuotaExceeded,
                                DisconnectCode::QuotaExceeded,
                                &refusal.message,
                            );
                            return self.session.is_closed().then_some(End::Server);
                        }
                        let route = || self.gateway.router.publish(self.number, &publish);
                        if let Err(ended) = self.standing.act(route) {
                            return Some(ended.into());
                        }
                    }
                    topics::Publish::Provisioning(topic) => {
                        // A view into the input buffer would keep all of it for as long as the ask waits.
                        match self.gateway.ledger.share(&publish.get().payload[..], 0) {
                            Some(payload) => self.ask(topic, payload),
                            None => return Some(End::Memory),
                        }
                    }
                }
                if let (Qos::AtLeastOnce, Some(id)) = (qos, id) {
                    self.session.acknowledge(id, PubAckCode::Success, None);
                }
                None
            }
            Err(refused) => {
                let (publish, denied) = *refused;
                denied.log(&self.rights);
                let reason = denied.reason_string();
                self.refuse_publish(
                    &publish,
                    PubAckCode::NotAuthorized,
                    DisconnectCode::NotAuthorized,
                    &reason,
                );
                self.session.is_closed().then_some(End::Denied)
            }
        }
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
