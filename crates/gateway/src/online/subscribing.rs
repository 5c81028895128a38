//! What a device subscribes to.

use std::sync::Arc;

use fleetwright_core::authorization::Authorized;
use fleetwright_host::clock;
use fleetwright_mqtt::{
    Delivery, DisconnectCode, Qos, RetainHandling, SubAckCode, Subscribe, SubscribeFilter,
    Unsubscribe,
};

use super::{End, Online};
use crate::ledger::{self, Bound};
use crate::router::Receiver;
use crate::{authorize, retained, topics};

impl Online {
    pub(super) async fn on_subscribe(&mut self, subscribe: Subscribe) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        let mut codes = Vec::with_capacity(subscribe.filters.len());
        let mut retained = Vec::new();
        let mut reason = None;
        for filter in &subscribe.filters {
            let is_new = !self.subscriptions.contains_key(&filter.filter);
            let (code, why) = match self.subscribe_one(filter) {
                Ok(code) => (code, None),
                Err((code, why)) => (code, Some(why)),
            };
            // A SUBACK has one Reason String for all its filters: that of the first refused.
            reason = reason.or(why);
            if matches!(code, SubAckCode::GrantedQos0 | SubAckCode::GrantedQos1)
                && wants_retained(filter, is_new)
            {
                retained.push(filter);
            }
            codes.push(code);
        }
        let granted: Vec<&str> = subscribe
            .filters
            .iter()
            .zip(&codes)
            .filter(|(_, code)| matches!(code, SubAckCode::GrantedQos0 | SubAckCode::GrantedQos1))
            .map(|(filter, _)| &*filter.filter)
            .collect();
        if !granted.is_empty() {
            let connection = self.rights.connection(self.number.0);
            self.gateway.tell(connection.subscribed(&granted, clock::now())).await;
        }
        let taken: Vec<&SubscribeFilter> = subscribe
            .filters
            .iter()
            .zip(&codes)
            .filter(|(_, code)| matches!(code, SubAckCode::GrantedQos0 | SubAckCode::GrantedQos1))
            .map(|(filter, _)| filter)
            .collect();
        if let Err(end) = self.store_subscriptions(&taken).await {
            return Some(end);
        }
        let denied = codes.contains(&SubAckCode::NotAuthorized);
        self.gateway.traces.note(self.rights.client_id(), "out", || {
            let reason = reason.as_deref().unwrap_or_default();
            format!("SUBACK {codes:?} {reason}").trim_end().to_owned()
        });
        self.session.subscribed(subscribe.receipt, &codes, reason.as_deref());
        if denied && self.gateway.settings.strict_close {
            self.session.disconnect(DisconnectCode::NotAuthorized, "a subscription was denied");
            return Some(End::Denied);
        }
        for filter in retained {
            self.send_retained(filter).await;
        }
        None
    }

    /// Leaves what is kept of a filter's topic to be sent; whether the device may receive it is
    /// asked then, as of any message.
    async fn send_retained(&mut self, filter: &SubscribeFilter) {
        let message = match retained::find(&self.gateway.store, &filter.filter, filter.qos).await {
            Ok(Some(message)) => message,
            Ok(None) => return,
            Err(refusal) => {
                let client_id = self.rights.client_id();
                tracing::error!(%refusal, client_id, "a retained message could not be read");
                return;
            }
        };
        if let (Some(kept), Qos::AtLeastOnce) = (&self.kept, message.qos) {
            // The session's, as all of QoS 1: unacknowledged, it is sent again [MQTT-4.4.0-1].
            let (sessions, by) = (&self.gateway.sessions, self.rights.certificate_row());
            if let Err(refusal) = sessions.queue_retained(&kept.session, &message, by).await {
                let client_id = self.rights.client_id();
                tracing::error!(%refusal, client_id, "a retained message was not queued");
            }
            return;
        }
        // In the same line as all that others leave: it is sent as there is room.
        let beside = message.cost() - message.payload.len();
        match self.gateway.ledger.share(&message.payload[..], beside) {
            Some(payload) => {
                self.mailbox.leave(Delivery { payload, ..message });
            }
            None => self.mailbox.hit(Bound::TotalMemory, 1),
        }
    }

    /// The error's text is for the device.
    fn subscribe_one(
        &mut self,
        filter: &SubscribeFilter,
    ) -> Result<SubAckCode, (SubAckCode, String)> {
        let is_new = !self.subscriptions.contains_key(&filter.filter);
        if is_new && self.subscriptions.len() >= self.session.limits().subscriptions {
            let bound = self.session.limits().subscriptions;
            let why = format!("a connection has at most {bound} subscriptions");
            return Err((SubAckCode::QuotaExceeded, why));
        }
        let class = match topics::of_filter(filter.matched_filter()) {
            Ok(class) => class,
            Err(reason) => {
                tracing::info!(
                    client_id = self.rights.client_id(), filter = %filter.filter, reason,
                    "subscription refused"
                );
                return Err((SubAckCode::TopicFilterInvalid, reason));
            }
        };
        match authorize::subscribe(&self.rights, filter) {
            Ok(_)
                if is_new && !self.mailbox.reserve(ledger::subscription_bytes(&filter.filter)) =>
            {
                let why = "there is no room for another subscription now".to_owned();
                Err((SubAckCode::QuotaExceeded, why))
            }
            Ok(authorized) => {
                // Provisioning answers never travel through the tree: devices share a claim
                // certificate, and nobody else may ever see a private key.
                if class == topics::Filter::Ordinary {
                    self.route(authorized);
                }
                self.subscriptions.insert(filter.filter.clone(), filter.qos);
                Ok(match filter.qos {
                    Qos::AtMostOnce => SubAckCode::GrantedQos0,
                    Qos::AtLeastOnce => SubAckCode::GrantedQos1,
                })
            }
            Err(refused) => {
                refused.1.tell(&self.gateway.traces, &self.rights);
                Err((SubAckCode::NotAuthorized, refused.1.reason_string()))
            }
        }
    }

    /// Messages of a filter come to this connection, or to its session, from now on.
    fn route(&self, filter: Authorized<&SubscribeFilter>) {
        let receiver = match &self.kept {
            Some(kept) => {
                kept.session.is_routed(&filter.get().filter);
                Receiver::Session(Arc::clone(&kept.session))
            }
            None => Receiver::Connection(Arc::clone(&self.mailbox)),
        };
        self.gateway.router.subscribe(self.subscriber, receiver, filter);
    }

    pub(super) async fn on_unsubscribe(&mut self, unsubscribe: Unsubscribe) -> Option<End> {
        if let Err(end) = self.store_unsubscriptions(&unsubscribe.filters).await {
            return Some(end);
        }
        for filter in &unsubscribe.filters {
            if self.subscriptions.remove(filter).is_some() {
                self.mailbox.release(ledger::subscription_bytes(filter));
            }
            self.gateway.router.unsubscribe(self.subscriber, filter);
            if let Some(kept) = &self.kept {
                kept.session.is_not_routed(filter);
            }
        }
        let filters: Vec<&str> = unsubscribe.filters.iter().map(|filter| &**filter).collect();
        let connection = self.rights.connection(self.number.0);
        self.gateway.tell(connection.unsubscribed(&filters, clock::now())).await;
        self.session.unsubscribed(unsubscribe.receipt, &[], None);
        None
    }
}

/// Whether a subscription gets retained messages: by its Retain Handling, and never a shared one
/// or one with wildcards (AWS: guide, "MQTT retained messages").
fn wants_retained(filter: &SubscribeFilter, is_new: bool) -> bool {
    let asked = match filter.retain_handling {
        RetainHandling::AtSubscribe => true,
        RetainHandling::AtSubscribeIfNew => is_new,
        RetainHandling::Never => false,
    };
    asked && filter.share.is_none() && retained::has_retained(&filter.filter)
}
