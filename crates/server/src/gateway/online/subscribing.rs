//! What a device subscribes to.

use fleetwright_core::limits;
use fleetwright_mqtt::{
    DisconnectCode, Qos, RetainHandling, SubAckCode, Subscribe, SubscribeFilter, Unsubscribe,
};

use super::{End, Online};
use crate::clock;
use crate::gateway::{authorize, retained, topics};

impl Online {
    pub(super) async fn on_subscribe(&mut self, subscribe: Subscribe) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        let mut codes = Vec::with_capacity(subscribe.filters.len());
        let mut retained = Vec::new();
        for filter in &subscribe.filters {
            let is_new = !self.subscriptions.contains_key(&filter.filter);
            let code = self.subscribe_one(filter);
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
            self.gateway.tell(connection.subscribed(&granted, clock::now()));
        }
        let denied = codes.contains(&SubAckCode::NotAuthorized);
        self.session.subscribed(subscribe.receipt, &codes, None);
        if denied && self.gateway.settings.strict_close {
            self.session.disconnect(DisconnectCode::NotAuthorized, "a subscription was denied");
            return Some(End::Denied);
        }
        for filter in retained {
            self.send_retained(filter).await;
        }
        None
    }

    /// Sends what is kept of a filter's topic, as far as the device may receive it.
    async fn send_retained(&mut self, filter: &SubscribeFilter) {
        match self.gateway.retained(&filter.filter, filter.qos).await {
            Ok(None) => {}
            Ok(Some(message)) => match authorize::receive(&self.rights, message) {
                Ok(message) => {
                    self.session.deliver(&message.into_inner(), clock::monotonic_millis());
                }
                Err(denied) => denied.log(&self.rights),
            },
            Err(refusal) => tracing::error!(%refusal, "a retained message could not be read"),
        }
    }

    fn subscribe_one(&mut self, filter: &SubscribeFilter) -> SubAckCode {
        let is_new = !self.subscriptions.contains_key(&filter.filter);
        if is_new && self.subscriptions.len() >= limits::SUBSCRIPTIONS_PER_CONNECTION {
            return SubAckCode::QuotaExceeded;
        }
        let class = match topics::of_filter(filter.matched_filter()) {
            Ok(class) => class,
            Err(reason) => {
                tracing::info!(client_id = self.rights.client_id(), filter = %filter.filter, reason);
                return SubAckCode::TopicFilterInvalid;
            }
        };
        match authorize::subscribe(&self.rights, filter) {
            Ok(authorized) => {
                // Provisioning answers never travel through the tree: devices share a claim
                // certificate, and nobody else may ever see a private key.
                if class == topics::Filter::Ordinary {
                    self.gateway.router.subscribe(self.number, &self.mailbox, authorized);
                }
                self.subscriptions.insert(filter.filter.clone(), filter.qos);
                match filter.qos {
                    Qos::AtMostOnce => SubAckCode::GrantedQos0,
                    Qos::AtLeastOnce => SubAckCode::GrantedQos1,
                }
            }
            Err(denied) => {
                denied.log(&self.rights);
                SubAckCode::NotAuthorized
            }
        }
    }

    pub(super) fn on_unsubscribe(&mut self, unsubscribe: Unsubscribe) {
        for filter in &unsubscribe.filters {
            self.subscriptions.remove(filter);
            self.gateway.router.unsubscribe(self.number, filter);
        }
        let filters: Vec<&str> = unsubscribe.filters.iter().map(|filter| &**filter).collect();
        let connection = self.rights.connection(self.number.0);
        self.gateway.tell(connection.unsubscribed(&filters, clock::now()));
        self.session.unsubscribed(unsubscribe.receipt, &[], None);
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
