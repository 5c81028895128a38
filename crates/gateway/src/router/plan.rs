//! Which queues a message goes to before it is acknowledged, and whose turn it was in the groups that
//! were asked for that.

use std::sync::Arc;

use fleetwright_mqtt::Qos;
use fleetwright_store::Queue;

use super::shares::{self, Group, Member};
use super::{Parts, Receiver, Subscription};
use crate::kept_session::Subscriber;

/// The queues of one message.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Each queue once.
    pub(crate) queues: Vec<Queue>,
    turns: Vec<(Arc<Group>, Turn)>,
}

/// Who has a message of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// A member that is connected.
    Member(Subscriber),
    /// Nobody yet: it waits for the first member that comes back.
    GroupQueue,
}

impl Plan {
    /// The queue of one session alone.
    pub(crate) fn of_one(client_id: &str, retain: bool) -> Self {
        Self { queues: vec![Queue { owner: client_id.to_owned(), retain }], turns: Vec::new() }
    }

    /// What was decided for a group, if it was.
    pub(super) fn turn(&self, members: &[Member<'_>]) -> Option<Turn> {
        let (group, ..) = members.first()?;
        let decided = self.turns.iter().find(|(decided, _)| Arc::ptr_eq(decided, group));
        decided.map(|(_, turn)| *turn)
    }
}

/// The plan of a QoS 1 message for those whose filters match.
pub(super) fn make(
    plain: &[(Subscriber, &Subscription)],
    shared: &[Member<'_>],
    message: Parts<'_>,
) -> Plan {
    let mut plan = Plan::default();
    for (_, subscription) in plain {
        plan.queues.extend(queue_of(subscription, message));
    }
    for members in shared.chunk_by(|(a, ..), (b, ..)| Arc::ptr_eq(a, b)) {
        let keeps = |(.., member): &Member<'_>| queue_of(member, message).is_some();
        let (Some(first), true) = (members.first(), members.iter().any(keeps)) else { continue };
        let group = Arc::clone(first.0);
        let cost = message.topic.len() + message.payload.len();
        match shares::whose_turn_of(members, cost) {
            Some((subscriber, member)) => {
                plan.queues.extend(queue_of(member, message));
                plan.turns.push((group, Turn::Member(subscriber)));
            }
            None => {
                let retain = message.retain && first.2.retain_as_published;
                plan.queues.push(Queue { owner: group.filter().to_owned(), retain });
                plan.turns.push((group, Turn::GroupQueue));
            }
        }
    }
    // A session may be reached plainly and as a member: once is enough.
    plan.queues.sort_by(|a, b| a.owner.cmp(&b.owner));
    plan.queues.dedup_by(|a, b| a.owner == b.owner);
    plan
}

/// The queue of a session that was granted QoS 1.
fn queue_of(subscription: &Subscription, message: Parts<'_>) -> Option<Queue> {
    match &subscription.receiver {
        Receiver::Session(session) if subscription.qos == Qos::AtLeastOnce => Some(Queue {
            owner: session.client_id().to_owned(),
            retain: message.retain && subscription.retain_as_published,
        }),
        Receiver::Session(_) | Receiver::Connection(_) => None,
    }
}

/// Tells a member that came meanwhile that the group's queue has something.
pub(super) fn tell_a_member(members: &[Member<'_>]) {
    for (.., member) in members {
        if let Receiver::Session(session) = &member.receiver
            && session.mailbox().is_some()
        {
            return session.tell_queued();
        }
    }
}
