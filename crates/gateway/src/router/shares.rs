//! Shared subscriptions: each message of a group goes to one member. The members take turns, each
//! group by itself; who is behind is passed over until it has caught up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Subscription;
use crate::kept_session::Subscriber;
use crate::mailbox::Mailbox;

/// Messages that a member may have more before it than the member that has fewest, and still takes
/// its turn: those that it has not yet acknowledged, and those that wait for it. (ours)
const BEHIND: usize = 8;

/// The turns of one group: share name and filter.
#[derive(Debug)]
pub(super) struct Group {
    /// The whole filter.
    filter: Box<str>,
    /// The member that had the last message.
    last: AtomicU64,
}

impl Group {
    /// The whole filter, with `$share/{name}/`.
    pub(super) fn filter(&self) -> &str {
        &self.filter
    }
}

/// A member of a group.
pub(super) type Member<'a> = (&'a Arc<Group>, Subscriber, &'a Subscription);

/// Groups that have members, by their whole filter.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeMap<Box<str>, Arc<Group>>);

impl Groups {
    /// A member joins.
    pub(super) fn join(&mut self, filter: &str) -> Arc<Group> {
        let Self(groups) = self;
        if let Some(group) = groups.get(filter) {
            return Arc::clone(group);
        }
        let group = Arc::new(Group { filter: filter.into(), last: AtomicU64::new(0) });
        Arc::clone(groups.entry(filter.into()).or_insert(group))
    }

    /// A member leaves, and gives its share in the group back.
    pub(super) fn leave(&mut self, filter: &str, group: Arc<Group>) {
        drop(group);
        let Self(groups) = self;
        // Members come and go under the lock of all subscriptions: nobody else counts on it.
        if groups.get(filter).is_some_and(|group| Arc::strong_count(group) == 1) {
            groups.remove(filter);
        }
    }
}

/// The member whose turn it is, of those that are connected.
pub(super) fn whose_turn<'a>(members: &[Member<'a>], cost: usize) -> Option<&'a Subscription> {
    whose_turn_of(members, cost).map(|(_, member)| member)
}

/// The member of a group, in the order of their numbers, that gets the next message: the one after
/// the last that is not behind and has room; with none of these, the least burdened with room, or
/// whoever's turn it is, whose bound then drops the message. `None` when nobody is connected.
pub(super) fn whose_turn_of<'a>(
    members: &[Member<'a>],
    cost: usize,
) -> Option<(Subscriber, &'a Subscription)> {
    let (group, ..) = members.first()?;
    let last = Subscriber(group.last.load(Ordering::Relaxed));
    let connected = |(_, number, member): &Member<'a>| {
        let mailbox: Option<Arc<Mailbox>> = member.receiver.with_mailbox(Arc::clone);
        mailbox.map(|mailbox| (*number, *member, mailbox))
    };
    let members: Vec<_> = members.iter().filter_map(connected).collect();
    let (before, after) = members.split_at(members.partition_point(|(number, ..)| *number <= last));
    let in_turn = || after.iter().chain(before);
    let with_room = || in_turn().filter(|(.., mailbox)| mailbox.has_room(cost));
    let least = with_room().map(|(.., mailbox)| mailbox.load()).min();
    let (number, member, _) = match least {
        Some(least) => {
            with_room().find(|(.., mailbox)| mailbox.load() <= least.saturating_add(BEHIND))?
        }
        None => in_turn().next()?,
    };
    group.last.store(number.0, Ordering::Relaxed);
    Some((*number, *member))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fleetwright_mqtt::{Delivery, Qos};

    use super::*;
    use crate::ledger::Ledger;
    use crate::mailbox::Holding;
    use crate::router::Receiver;

    /// A group whose members have these numbers.
    struct Scene {
        group: Arc<Group>,
        members: Vec<(Subscriber, Arc<Mailbox>, Subscription)>,
    }

    impl Scene {
        fn new(ledger: &Arc<Ledger>, numbers: &[u64]) -> Self {
            let group = Groups::default().join("$share/g/t");
            let member = |number: &u64| {
                let mailbox = Mailbox::new(ledger);
                let subscription = Subscription {
                    receiver: Receiver::Connection(Arc::clone(&mailbox)),
                    qos: Qos::AtLeastOnce,
                    no_local: false,
                    retain_as_published: false,
                    group: Some(Arc::clone(&group)),
                };
                (Subscriber(*number), mailbox, subscription)
            };
            Self { members: numbers.iter().map(member).collect(), group }
        }

        /// Leaves a message; gives the number of the member that has it.
        fn publish(&self) -> u64 {
            let members: Vec<_> = self
                .members
                .iter()
                .map(|(number, _, member)| (&self.group, *number, member))
                .collect();
            let message = Delivery {
                token: 0,
                topic: "t".into(),
                payload: Bytes::from_static(&[0; 1000]),
                qos: Qos::AtLeastOnce,
                retain: false,
                message_expiry: None,
                properties: None,
            };
            let (chosen, _) = whose_turn_of(&members, message.cost()).unwrap();
            self.mailbox(chosen.0).leave(message);
            chosen.0
        }

        fn mailbox(&self, number: u64) -> &Arc<Mailbox> {
            &self.members.iter().find(|(each, ..)| each.0 == number).unwrap().1
        }

        fn read(&self, number: u64) {
            while self.mailbox(number).next(true).is_some() {}
        }
    }

    #[test]
    fn members_take_turns_in_each_group_by_itself() {
        let ledger = Ledger::new(1 << 20, 1 << 20);
        let (two, three) = (Scene::new(&ledger, &[4, 7]), Scene::new(&ledger, &[1, 4, 9]));
        let mut counts = [0; 10];
        for _ in 0..60 {
            for scene in [&two, &three] {
                let number = scene.publish();
                scene.read(number);
                counts[usize::try_from(number).unwrap()] += 1;
            }
        }
        assert_eq!(counts, [0, 20, 0, 0, 50, 0, 0, 30, 0, 20]);
    }

    #[test]
    fn a_member_that_does_not_keep_up_is_passed_over_until_it_has_caught_up() {
        let ledger = Ledger::new(1 << 20, 1 << 20);
        let scene = Scene::new(&ledger, &[1, 2, 3]);
        let round = || {
            let mut counts = [0; 4];
            for _ in 0..300 {
                let number = scene.publish();
                if number != 2 {
                    scene.read(number);
                }
                counts[usize::try_from(number).unwrap()] += 1;
            }
            counts
        };
        let [_, one, two, three] = round();
        assert_eq!(two, BEHIND + 1);
        assert!(one.abs_diff(three) <= 2, "{one} {three}: the others share evenly");
        assert_eq!(round()[2], 0);
        scene.read(2);
        assert_eq!(round()[2], BEHIND + 1);
    }

    #[test]
    fn a_member_without_acknowledgements_is_passed_over_too() {
        let ledger = Ledger::new(1 << 20, 1 << 20);
        let scene = Scene::new(&ledger, &[1, 2]);
        let holding = Holding { in_flight: 100, ..Holding::default() };
        scene.mailbox(1).hold(Holding::default(), holding);
        for _ in 0..100 {
            assert_eq!(scene.publish(), 2);
            scene.read(2);
        }
    }

    #[test]
    fn a_group_drops_nothing_while_one_member_has_room() {
        let ledger = Ledger::new(10_000, 1 << 20);
        let scene = Scene::new(&ledger, &[1, 2]);
        // Eight messages of a little more than 1,000 bytes fit into each.
        let numbers: Vec<_> = (0..16).map(|_| scene.publish()).collect();
        assert_eq!(numbers.iter().filter(|number| **number == 1).count(), 8);
        assert_eq!(ledger.counted(crate::ledger::Bound::ConnectionMemory), 0);
        scene.publish();
        assert_eq!(ledger.counted(crate::ledger::Bound::ConnectionMemory), 1);
        scene.read(2);
        assert_eq!(scene.publish(), 2);
    }

    #[test]
    fn a_group_without_members_is_forgotten() {
        let mut groups = Groups::default();
        let (one, two) = (groups.join("$share/g/a"), groups.join("$share/g/a"));
        assert!(Arc::ptr_eq(&one, &two));
        groups.leave("$share/g/a", one);
        assert_eq!(groups.0.len(), 1);
        groups.leave("$share/g/a", two);
        assert_eq!(groups.0.len(), 0);
    }
}
