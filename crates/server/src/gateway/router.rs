//! Messages between devices: a publish goes to the letter box of every connection whose filter
//! matches, once, at the highest QoS that its filters were granted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use bytestring::ByteString;
use fleetwright_mqtt::filter::SubscriptionTree;
use fleetwright_mqtt::{Delivery, Publish, Qos, SubscribeFilter, Will};

use super::authorize::Authorized;
use super::directory::ConnectionNumber;
use super::mailbox::Mailbox;

/// A key of the tree: a connection may hold a filter plainly and by shares.
type Key = (ConnectionNumber, Option<Box<str>>);

/// The number that no connection has: the server's own messages come from here.
const NOBODY: ConnectionNumber = ConnectionNumber(u64::MAX);

#[derive(Debug)]
struct Subscription {
    mailbox: Arc<Mailbox>,
    qos: Qos,
    no_local: bool,
    retain_as_published: bool,
    /// The whole filter of a shared subscription: the group's identity.
    group: Option<Box<str>>,
}

/// The subscriptions of this node. Bounded by connections × subscriptions per connection.
#[derive(Debug, Default)]
pub(super) struct Router {
    tree: RwLock<SubscriptionTree<Key, Subscription>>,
    turn: AtomicUsize,
}

/// A message to be routed: what a publish and a will have in common.
struct Message<'a> {
    topic: &'a ByteString,
    payload: &'a Bytes,
    qos: Qos,
    retain: bool,
    message_expiry: Option<u32>,
    properties: Option<&'a Arc<fleetwright_mqtt::PublishProperties>>,
}

impl Router {
    /// Enters an authorized subscription; replaces that of the same connection and filter.
    pub(super) fn subscribe(
        &self,
        number: ConnectionNumber,
        mailbox: &Arc<Mailbox>,
        filter: Authorized<&SubscribeFilter>,
    ) {
        let filter = filter.into_inner();
        let subscription = Subscription {
            mailbox: Arc::clone(mailbox),
            qos: filter.qos,
            no_local: filter.no_local,
            retain_as_published: filter.retain_as_published,
            group: filter.share.is_some().then(|| filter.filter.clone()),
        };
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        tree.insert(filter.matched_filter(), (number, filter.share.clone()), subscription);
    }

    /// Ends a subscription, named by its whole filter.
    pub(super) fn unsubscribe(&self, number: ConnectionNumber, filter: &str) {
        let (share, matched) = match fleetwright_mqtt::filter::split_share(filter) {
            Some((share, matched)) => (Some(share.into()), matched),
            None => (None, filter),
        };
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        tree.remove(matched, &(number, share));
    }

    /// Routes an authorized publish of a connection. Returns how many get it.
    pub(super) fn publish(&self, from: ConnectionNumber, publish: &Authorized<Publish>) -> usize {
        let publish = publish.get();
        self.route(
            from,
            &Message {
                topic: &publish.topic,
                payload: &publish.payload,
                qos: publish.qos,
                retain: publish.retain,
                message_expiry: publish.message_expiry,
                properties: publish.properties.as_ref(),
            },
        )
    }

    /// Routes a message of the server's own, which needs nobody's leave; whoever gets it must have
    /// the right to receive it, as always. Returns how many get it.
    pub(super) fn publish_own(&self, topic: &str, payload: &Bytes) -> usize {
        self.route(
            NOBODY,
            &Message {
                topic: &ByteString::from(topic),
                payload,
                qos: Qos::AtLeastOnce,
                retain: false,
                message_expiry: None,
                properties: None,
            },
        )
    }

    /// Routes the will of a connection that ended.
    pub(super) fn publish_will(&self, from: ConnectionNumber, will: &Authorized<Will>) -> usize {
        let will = will.get();
        self.route(
            from,
            &Message {
                topic: &will.topic,
                payload: &will.payload,
                qos: will.qos,
                retain: will.retain,
                message_expiry: will.message_expiry,
                properties: will.properties.as_ref(),
            },
        )
    }

    fn route(&self, from: ConnectionNumber, message: &Message<'_>) -> usize {
        let tree = self.tree.read().unwrap_or_else(PoisonError::into_inner);
        let mut plain: Vec<(ConnectionNumber, &Subscription)> = Vec::new();
        let mut shared: Vec<(&str, ConnectionNumber, &Subscription)> = Vec::new();
        tree.matches(message.topic, |(number, _), subscription| match &subscription.group {
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
        shared.sort_by_key(|(group, number, _)| (*group, *number));
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let members = shared
            .chunk_by(|(a, ..), (b, ..)| a == b)
            .filter_map(|group| group.get(turn % group.len().max(1)))
            .map(|(_, number, subscription)| (*number, *subscription));
        // The publisher's texts are views into its input buffer: one copy serves all receivers.
        let topic = ByteString::from(message.topic.to_string());
        let payload = Bytes::copy_from_slice(message.payload);
        plain
            .iter()
            .copied()
            .chain(members)
            .filter(|(_, subscription)| {
                subscription.mailbox.leave(Delivery {
                    token: 0,
                    topic: topic.clone(),
                    payload: payload.clone(),
                    qos: message.qos.min(subscription.qos),
                    retain: message.retain && subscription.retain_as_published,
                    message_expiry: message.message_expiry,
                    properties: message.properties.cloned(),
                })
            })
            .count()
    }
}
