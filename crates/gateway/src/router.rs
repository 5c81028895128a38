//! Messages between devices: a publish goes to the letter box of every connection whose filter
//! matches, once, at the highest QoS that its filters were granted.

mod shares;

use std::sync::Arc;

use bytes::Bytes;
use bytestring::ByteString;
use fleetwright_core::authorization::Authorized;
use fleetwright_mqtt::filter::SubscriptionTree;
use fleetwright_mqtt::{Delivery, Qos, SubscribeFilter};
use parking_lot::RwLock;

use self::shares::{Group, Groups};
use super::directory::ConnectionNumber;
use super::ledger::{Bound, Ledger};
use super::mailbox::Mailbox;
use super::topics::{Message, Ordinary, Parts};

/// A key of the tree: a connection may hold a filter plainly and by shares.
type Key = (ConnectionNumber, Option<Box<str>>);

/// The number that no connection has: the server's own messages come from here.
pub(super) const NOBODY: ConnectionNumber = ConnectionNumber(u64::MAX);

#[derive(Debug)]
struct Subscription {
    mailbox: Arc<Mailbox>,
    qos: Qos,
    no_local: bool,
    retain_as_published: bool,
    /// Whose turns a shared subscription takes.
    group: Option<Arc<Group>>,
}

/// The subscriptions of this node. Bounded by connections × subscriptions per connection.
#[derive(Debug)]
pub(super) struct Router {
    ledger: Arc<Ledger>,
    subscriptions: RwLock<Subscriptions>,
}

#[derive(Debug, Default)]
struct Subscriptions {
    tree: SubscriptionTree<Key, Subscription>,
    groups: Groups,
}

impl Router {
    /// Without subscriptions.
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger, subscriptions: RwLock::default() }
    }

    /// Enters an authorized subscription; replaces that of the same connection and filter.
    pub(super) fn subscribe(
        &self,
        number: ConnectionNumber,
        mailbox: &Arc<Mailbox>,
        filter: Authorized<&SubscribeFilter>,
    ) {
        let filter = filter.into_inner();
        let mut all = self.subscriptions.write();
        let subscription = Subscription {
            mailbox: Arc::clone(mailbox),
            qos: filter.qos,
            no_local: filter.no_local,
            retain_as_published: filter.retain_as_published,
            group: filter.share.is_some().then(|| all.groups.join(&filter.filter)),
        };
        all.tree.insert(filter.matched_filter(), (number, filter.share.clone()), subscription);
    }

    /// Ends a subscription, named by its whole filter.
    pub(super) fn unsubscribe(&self, number: ConnectionNumber, filter: &str) {
        let (share, matched) = match fleetwright_mqtt::filter::split_share(filter) {
            Some((share, matched)) => (Some(share.into()), matched),
            None => (None, filter),
        };
        let mut all = self.subscriptions.write();
        if let Some(Subscription { group: Some(group), .. }) =
            all.tree.remove(matched, &(number, share))
        {
            all.groups.leave(filter, group);
        }
    }

    /// Routes an authorized publish of a connection, or the will of one that ended. Returns how
    /// many get it.
    pub(super) fn publish<M: Message>(
        &self,
        from: ConnectionNumber,
        message: &Authorized<Ordinary<M>>,
    ) -> usize {
        self.route(from, message.get().get().parts())
    }

    /// Routes a message of the server's own, which needs no authorization; its receivers need the
    /// right to receive it, as always. Returns how many get it.
    pub(super) fn publish_own(
        &self,
        topic: impl Into<ByteString>,
        payload: impl Into<Bytes>,
    ) -> usize {
        self.route(
            NOBODY,
            Parts {
                topic: &topic.into(),
                payload: &payload.into(),
                qos: Qos::AtLeastOnce,
                retain: false,
                message_expiry: None,
                properties: None,
            },
        )
    }

    fn route(&self, from: ConnectionNumber, message: Parts<'_>) -> usize {
        let all = self.subscriptions.read();
        let mut plain: Vec<(ConnectionNumber, &Subscription)> = Vec::new();
        let mut shared: Vec<(&Arc<Group>, ConnectionNumber, &Subscription)> = Vec::new();
        all.tree.matches(message.topic, |(number, _), subscription| match &subscription.group {
            Some(group) => shared.push((group, *number, subscription)),
            None if subscription.no_local && *number == from => {}
            None => plain.push((*number, subscription)),
        });
        if plain.is_empty() && shared.is_empty() {
            return 0;
        }
        // One copy for overlapping filters: the highest QoS comes first and stays.
        plain.sort_by_key(|(number, subscription)| (*number, std::cmp::Reverse(subscription.qos)));
        plain.dedup_by_key(|(number, _)| *number);
        shared.sort_by_key(|(group, number, _)| (Arc::as_ptr(group), *number));
        let delivery = self.shared_copy(message);
        let cost = delivery.as_ref().map_or(0, Delivery::cost);
        let members = shared
            .chunk_by(|(a, ..), (b, ..)| Arc::ptr_eq(a, b))
            .filter_map(|members| shares::whose_turn(members, cost));
        let receivers = plain.into_iter().map(|(_, subscription)| subscription).chain(members);
        let Some(delivery) = delivery else {
            receivers.for_each(|receiver| receiver.mailbox.hit(Bound::TotalMemory, 1));
            return 0;
        };
        receivers
            .filter(|receiver| {
                receiver.mailbox.leave(Delivery {
                    qos: message.qos.min(receiver.qos),
                    retain: message.retain && receiver.retain_as_published,
                    ..delivery.clone()
                })
            })
            .count()
    }

    /// The publisher's texts are views into its input buffer: one copy serves all receivers.
    fn shared_copy(&self, message: Parts<'_>) -> Option<Delivery> {
        let properties = message.properties.map(|properties| Arc::new(properties.detached()));
        let beside = message.topic.len() + properties.as_ref().map_or(0, |some| some.bytes());
        Some(Delivery {
            token: 0,
            topic: ByteString::from(message.topic.to_string()),
            payload: self.ledger.share(&message.payload[..], beside)?,
            qos: message.qos,
            retain: message.retain,
            message_expiry: message.message_expiry,
            properties,
        })
    }
}
