//! Messages between devices: a publish goes to the letter box of every connection whose filter
//! matches, once, at the highest QoS that its filters were granted; and with QoS 1 to the queue of
//! every session that is kept, connected or not.

mod plan;
mod shares;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use bytestring::ByteString;
use fleetwright_core::authorization::Authorized;
use fleetwright_mqtt::filter::SubscriptionTree;
use fleetwright_mqtt::{Delivery, Qos, SubscribeFilter};
use parking_lot::RwLock;

pub(super) use self::plan::Plan;
use self::plan::Turn;
use self::shares::{Group, Groups, Member};
use super::kept_session::{KeptSession, Subscriber};
use super::ledger::{Bound, Ledger};
use super::mailbox::Mailbox;
use super::topics::{Message, Ordinary, Parts};

/// A key of the tree: a subscriber may hold a filter plainly and by shares.
type Key = (Subscriber, Option<Box<str>>);

/// Where a subscriber's messages go.
#[derive(Debug, Clone)]
pub(super) enum Receiver {
    /// To a connection, for as long as it lasts.
    Connection(Arc<Mailbox>),
    /// To a session: QoS 1 by its queue, QoS 0 to its connection if it has one.
    Session(Arc<KeptSession>),
}

impl Receiver {
    /// The letter box of its connection, if it has one now.
    fn with_mailbox<T>(&self, use_it: impl FnOnce(&Arc<Mailbox>) -> T) -> Option<T> {
        match self {
            Self::Connection(mailbox) => Some(use_it(mailbox)),
            Self::Session(session) => session.mailbox().as_ref().map(use_it),
        }
    }

    fn hit(&self, bound: Bound) {
        self.with_mailbox(|mailbox| mailbox.hit(bound, 1));
    }
}

#[derive(Debug)]
struct Subscription {
    receiver: Receiver,
    qos: Qos,
    no_local: bool,
    retain_as_published: bool,
    /// Whose turns a shared subscription takes.
    group: Option<Arc<Group>>,
}

/// The subscriptions of this node. Bounded by connections and sessions × subscriptions of each.
#[derive(Debug)]
pub(super) struct Router {
    ledger: Arc<Ledger>,
    subscriptions: RwLock<Subscriptions>,
    /// Subscriptions of sessions.
    of_sessions: AtomicUsize,
}

#[derive(Debug, Default)]
struct Subscriptions {
    tree: SubscriptionTree<Key, Subscription>,
    groups: Groups,
}

/// What is subscribed to, and how.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms<'a> {
    /// The whole filter, with `$share/{name}/` if shared.
    pub(super) filter: &'a str,
    pub(super) qos: Qos,
    pub(super) no_local: bool,
    pub(super) retain_as_published: bool,
}

impl Router {
    /// Without subscriptions.
    pub(super) fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger, subscriptions: RwLock::default(), of_sessions: AtomicUsize::new(0) }
    }

    /// Enters an authorized subscription; replaces that of the same subscriber and filter.
    pub(super) fn subscribe(
        &self,
        subscriber: Subscriber,
        receiver: Receiver,
        filter: Authorized<&SubscribeFilter>,
    ) {
        let SubscribeFilter { filter, qos, no_local, retain_as_published, .. } =
            filter.into_inner();
        let terms = Terms {
            filter,
            qos: *qos,
            no_local: *no_local,
            retain_as_published: *retain_as_published,
        };
        self.enter(subscriber, receiver, terms);
    }

    /// Enters a subscription that was authorized when its session made it; the connection that
    /// resumes the session asks again.
    pub(super) fn restore(
        &self,
        subscriber: Subscriber,
        session: Arc<KeptSession>,
        terms: Terms<'_>,
    ) {
        self.enter(subscriber, Receiver::Session(session), terms);
    }

    fn enter(&self, subscriber: Subscriber, receiver: Receiver, terms: Terms<'_>) {
        let (share, matched) = split(terms.filter);
        let of_session = matches!(receiver, Receiver::Session(_));
        let mut all = self.subscriptions.write();
        let subscription = Subscription {
            receiver,
            qos: terms.qos,
            no_local: terms.no_local,
            retain_as_published: terms.retain_as_published,
            group: share.is_some().then(|| all.groups.join(terms.filter)),
        };
        let replaced = all.tree.insert(matched, (subscriber, share), subscription);
        if of_session && replaced.is_none() {
            self.of_sessions.fetch_add(1, Ordering::AcqRel);
        }
    }

    /// Ends a subscription, named by its whole filter.
    pub(super) fn unsubscribe(&self, subscriber: Subscriber, filter: &str) {
        let (share, matched) = split(filter);
        let mut all = self.subscriptions.write();
        let Some(removed) = all.tree.remove(matched, &(subscriber, share)) else { return };
        if matches!(removed.receiver, Receiver::Session(_)) {
            self.of_sessions.fetch_sub(1, Ordering::AcqRel);
        }
        if let Some(group) = removed.group {
            all.groups.leave(filter, group);
        }
    }

    /// To which sessions' queues a message is to go before it is acknowledged; an empty plan where
    /// that is none.
    pub(super) fn plan<M: Message>(
        &self,
        from: Subscriber,
        message: &Authorized<Ordinary<M>>,
    ) -> Plan {
        self.plan_for(from, message.get().get().parts())
    }

    /// As [`Self::plan`], of a message of the server's own.
    pub(super) fn plan_own(&self, topic: &str) -> Plan {
        let (topic, payload) = (ByteString::from(topic), Bytes::new());
        self.plan_for(Subscriber::NOBODY, own(&topic, &payload))
    }

    fn plan_for(&self, from: Subscriber, message: Parts<'_>) -> Plan {
        if message.qos == Qos::AtMostOnce || self.of_sessions.load(Ordering::Acquire) == 0 {
            return Plan::default();
        }
        let all = self.subscriptions.read();
        let (plain, shared) = matching(&all, from, message.topic);
        plan::make(&plain, &shared, message)
    }

    /// Routes an authorized publish of a connection, or the will of one that ended, once it is in
    /// the queues of its plan. Returns how many get it.
    pub(super) fn publish<M: Message>(
        &self,
        from: Subscriber,
        message: &Authorized<Ordinary<M>>,
        plan: &Plan,
    ) -> usize {
        self.route(from, message.get().get().parts(), plan)
    }

    /// Routes a message of the server's own, which needs no authorization; its receivers need the
    /// right to receive it, as always. Returns how many get it.
    pub(super) fn publish_own(
        &self,
        topic: impl Into<ByteString>,
        payload: impl Into<Bytes>,
        plan: &Plan,
    ) -> usize {
        self.route(Subscriber::NOBODY, own(&topic.into(), &payload.into()), plan)
    }

    fn route(&self, from: Subscriber, message: Parts<'_>, plan: &Plan) -> usize {
        let all = self.subscriptions.read();
        let (plain, shared) = matching(&all, from, message.topic);
        if plain.is_empty() && shared.is_empty() {
            return 0;
        }
        let delivery = self.shared_copy(message);
        let cost = delivery.as_ref().map_or(0, Delivery::cost);
        let members =
            shared.chunk_by(|(a, ..), (b, ..)| Arc::ptr_eq(a, b)).filter_map(|members| match plan
                .turn(members)
            {
                Some(Turn::Member(subscriber)) => {
                    members.iter().find(|(_, each, _)| *each == subscriber).map(|(.., it)| *it)
                }
                Some(Turn::GroupQueue) => {
                    plan::tell_a_member(members);
                    None
                }
                None => shares::whose_turn(members, cost),
            });
        let receivers = plain.into_iter().map(|(_, subscription)| subscription).chain(members);
        let Some(delivery) = delivery else {
            receivers.for_each(|receiver| receiver.receiver.hit(Bound::TotalMemory));
            return 0;
        };
        receivers.filter(|receiver| hand_over(receiver, message, &delivery)).count()
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

/// A message of the server's own.
pub(super) fn own<'a>(topic: &'a ByteString, payload: &'a Bytes) -> Parts<'a> {
    Parts {
        topic,
        payload,
        qos: Qos::AtLeastOnce,
        retain: false,
        message_expiry: None,
        properties: None,
    }
}

/// Share name and matched filter of a whole filter.
fn split(filter: &str) -> (Option<Box<str>>, &str) {
    match fleetwright_mqtt::filter::split_share(filter) {
        Some((share, matched)) => (Some(share.into()), matched),
        None => (None, filter),
    }
}

type Plain<'a> = Vec<(Subscriber, &'a Subscription)>;
type Shared<'a> = Vec<Member<'a>>;

/// Subscriptions that match a topic: one for each plain subscriber, that of the highest QoS; and the
/// members of each group together, in the order of their numbers.
fn matching<'a>(all: &'a Subscriptions, from: Subscriber, topic: &str) -> (Plain<'a>, Shared<'a>) {
    let (mut plain, mut shared): (Plain<'_>, Shared<'_>) = Default::default();
    all.tree.matches(topic, |(number, _), subscription| match &subscription.group {
        Some(group) => shared.push((group, *number, subscription)),
        None if subscription.no_local && *number == from => {}
        None => plain.push((*number, subscription)),
    });
    plain.sort_by_key(|(number, subscription)| (*number, std::cmp::Reverse(subscription.qos)));
    plain.dedup_by_key(|(number, _)| *number);
    shared.sort_by_key(|(group, number, _)| (Arc::as_ptr(group), *number));
    (plain, shared)
}

/// Leaves a copy for one receiver; a session that has it in its queue is told so.
fn hand_over(subscription: &Subscription, message: Parts<'_>, delivery: &Delivery) -> bool {
    let qos = message.qos.min(subscription.qos);
    let retain = message.retain && subscription.retain_as_published;
    match &subscription.receiver {
        Receiver::Session(session) if qos == Qos::AtLeastOnce => {
            session.tell_queued();
            true
        }
        receiver => receiver
            .with_mailbox(|mailbox| mailbox.leave(Delivery { qos, retain, ..delivery.clone() }))
            .unwrap_or(false),
    }
}
