//! What a device publishes.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::service_request::ServiceRequest;
use fleetwright_host::clock;
use fleetwright_mqtt::{DisconnectCode, PubAckCode, Publish, Qos, Version};

use super::{End, Online};
use crate::ledger::Bound;
use crate::pace::Pace;
use crate::topics::{self, Ordinary, Request};
use crate::{authorize, enrichment, retained};

impl Online {
    pub(super) async fn on_publish(&mut self, mut publish: Publish) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        let (qos, id) = (publish.qos, publish.id);
        self.gateway.counts.received.rise();
        self.keep_pace();
        enrichment::enrich(&self.rights, &mut publish.properties);
        let routed = match topics::route(publish) {
            Ok(routed) => routed,
            Err(refused) => {
                let (publish, reason) = *refused;
                if topics::is_basic_ingest(&publish.topic) {
                    self.tell_absent("Basic ingest", &publish.topic);
                } else {
                    let client_id = self.rights.client_id();
                    tracing::info!(client_id, topic = %publish.topic, reason);
                }
                return self.refuse_publish(&publish, PublishRefusal::Topic, &reason);
            }
        };
        match authorize::publish(&self.rights, routed) {
            Ok(authorized) => {
                let done = match authorize::for_subscribers(authorized) {
                    Ok(publish) => self.hand_to_subscribers(&publish).await,
                    Err(request) => self.hand_on(&request).await,
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
                denied.tell(&self.gateway.traces, &self.rights);
                self.refuse_publish(publish, PublishRefusal::Denied, &denied.reason_string())
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
        let by = self.rights.certificate_row();
        if let Err(refusal) = retained::keep(&self.gateway.store, publish, by).await {
            if let Err(ended) = self.standing.check() {
                return Err(Some(ended.into()));
            }
            let (message, client_id) = (publish.get().get(), self.rights.client_id());
            tracing::error!(%refusal, client_id, topic = %message.topic, "a message was not retained");
            return Err(self.refuse_publish(message, PublishRefusal::NotKept, &refusal.message));
        }
        let plan = self.gateway.router.plan(self.subscriber, publish);
        if let Err(refusal) = self.gateway.sessions.queue(&plan, publish, by).await {
            if let Err(ended) = self.standing.check() {
                return Err(Some(ended.into()));
            }
            let (message, client_id) = (publish.get().get(), self.rights.client_id());
            tracing::error!(%refusal, client_id, topic = %message.topic, "a message was not queued");
            return Err(self.refuse_publish(message, PublishRefusal::NotKept, &refusal.message));
        }
        let route = || self.gateway.router.publish(self.subscriber, publish, &plan);
        self.standing.act(route).map_err(|ended| Some(ended.into()))?;
        Ok(())
    }

    /// Shows a request to those who may see it, and hands it to the server.
    async fn hand_on(
        &mut self,
        request: &Authorized<(Request, Publish)>,
    ) -> Result<(), Option<End>> {
        if let Some(shown) = authorize::shown(request) {
            self.hand_to_subscribers(&shown).await?;
        }
        self.hand_to_server(request).await
    }

    /// Hands a request to the server, which answers later or at once.
    async fn hand_to_server(
        &mut self,
        request: &Authorized<(Request, Publish)>,
    ) -> Result<(), Option<End>> {
        let (to, message) = request.get();
        let by = self.rights.certificate_row();
        match to {
            Request::Provisioning(_) if by.is_none() => {
                let reason = "provisioning is for devices, which connect with a certificate";
                return Err(self.refuse_publish(message, PublishRefusal::Denied, reason));
            }
            Request::Provisioning(topic) => {
                // A view into the input buffer would keep all of it for as long as the request waits.
                let request = request.derive(|(_, publish)| {
                    let payload = self.gateway.ledger.share(&publish.payload[..], 0);
                    payload.map(|payload| (topic.clone(), payload)).ok_or(Some(End::Memory))
                })?;
                self.enqueue(request);
            }
            Request::Service(_) => {
                let request = request.derive(|(to, publish)| match to {
                    Request::Service(to) => Ok((to.clone(), publish.payload.clone())),
                    Request::Provisioning(_) => Err(Some(End::Defect)),
                })?;
                if let (ServiceRequest::Absent(absent), _) = request.get() {
                    self.tell_absent(absent.service(), &message.topic);
                }
                // Boxed: seldom under way, and every idle connection would hold the room for it.
                let answer = Box::pin(self.gateway.services.answer(&request, by)).await;
                self.standing.check().map_err(|ended| Some(ended.into()))?;
                if let Some(answer) = answer {
                    self.send_directly(answer.topic, answer.payload);
                }
            }
        }
        Ok(())
    }

    /// Counts a PUBLISH that was read; after one too many nothing is read for a while.
    fn keep_pace(&mut self) {
        let Some(per_second) = self.gateway.settings.publishes_per_second else { return };
        let now = clock::monotonic_millis();
        let pace = self.pace.get_or_insert_with(|| Box::new(Pace::new(per_second, now)));
        if !pace.published(now) {
            self.mailbox.hit(Bound::PublishRate, 1);
        }
    }

    /// Logs that the client uses a service that is not offered, once in a connection.
    fn tell_absent(&mut self, service: &'static str, topic: &str) {
        if self.absent.contains(&service) {
            return;
        }
        self.absent.push(service);
        tracing::warn!(
            event = "ServiceNotOffered",
            client_id = self.rights.client_id(),
            service,
            topic,
            "the client uses {service}, which this server does not offer: its requests are refused. \
             Further ones of this connection are not logged"
        );
    }

    /// The end of the connection, if it ends. MQTT 5, QoS 1: the PUBACK says why, and the connection
    /// stays open. Anything else: the connection ends, as AWS ends it (specification, section 2).
    fn refuse_publish(
        &mut self,
        publish: &Publish,
        refusal: PublishRefusal,
        reason: &str,
    ) -> Option<End> {
        self.gateway.traces.note(self.rights.client_id(), "server", || {
            format!("PUBLISH {} refused: {reason}", publish.topic)
        });
        match publish.id {
            Some(id)
                if self.session.version() == Version::V5 && !self.gateway.settings.strict_close =>
            {
                self.session.acknowledge(id, refusal.puback(), Some(reason));
                None
            }
            _ => {
                self.session.disconnect(refusal.disconnect(), reason);
                Some(refusal.end(reason))
            }
        }
    }
}

/// Why a message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PublishRefusal {
    /// Its topic is one of the server's own.
    Topic,
    /// No policy allows it.
    Denied,
    /// It is to be retained or queued, and the registry takes no writes.
    NotKept,
}

impl PublishRefusal {
    fn puback(self) -> PubAckCode {
        match self {
            Self::Topic => PubAckCode::TopicNameInvalid,
            Self::Denied => PubAckCode::NotAuthorized,
            Self::NotKept => PubAckCode::QuotaExceeded,
        }
    }

    fn disconnect(self) -> DisconnectCode {
        match self {
            Self::Topic => DisconnectCode::TopicNameInvalid,
            Self::Denied => DisconnectCode::NotAuthorized,
            Self::NotKept => DisconnectCode::QuotaExceeded,
        }
    }

    fn end(self, reason: &str) -> End {
        match self {
            Self::Topic => End::Violation { clause: "limit", reason: reason.to_owned() },
            Self::Denied => End::Denied,
            Self::NotKept => End::Server,
        }
    }
}
