//! What a device subscribes to.

use fleetwright_core::limits;
use fleetwright_mqtt::{DisconnectCode, Qos, SubAckCode, Subscribe, SubscribeFilter, Unsubscribe};

use super::{End, Online};
use crate::clock;
use crate::gateway::{authorize, topics};

impl Online {
    pub(super) async fn on_subscribe(&mut self, subscribe: Subscribe) -> Option<End> {
        if let Err(end) = self.freshen().await {
            return Some(end);
        }
        let mut codes = Vec::with_capacity(subscribe.filters.len());
        for filter in &subscribe.filters {
            codes.push(self.subscribe_one(filter));
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
        None
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
