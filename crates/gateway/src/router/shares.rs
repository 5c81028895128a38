//! Shared subscriptions: each message of a group goes to one member. The members take turns, each
//! group by itself; who is behind is passed over until it has caught up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Subscription;
use crate::directory::ConnectionNumber;

/// Messages that a member may have more before it than the member that has fewest, and still takes
/// its turn: those that it has not yet acknowledged, and those that wait for it. (ours)
const BEHIND: usize = 8;

/// The turns of one group: share name and filter.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// The member that had the last message.
    last: AtomicU64,
}

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
        Arc::clone(groups.entry(filter.into()).or_default())
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

/// The member of a group, in the order of their numbers, that gets the next message: the one after
/// the last that is not behind and has room; with none of these, the least burdened with room, or
/// whoever's turn it is, whose bound then drops the message.
pub(super) fn whose_turn<'a>(
    members: &[(&Arc<Group>, ConnectionNumber, &'a Subscription)],
    cost: usize,
) -> Option<&'a Subscription> {
    let (group, ..) = members.first()?;
    let last = ConnectionNumber(group.last.load(Ordering::Relaxed));
    let (before, after) =
        members.split_at(members.partition_point(|(_, number, _)| *number <= last));
    let in_turn = || after.iter().chain(before).map(|(_, number, member)| (*number, *member));
    let with_room = || in_turn().filter(|(_, member)| member.mailbox.has_room(cost));
    let least = with_room().map(|(_, member)| member.mailbox.load()).min();
    let (number, member) = match least {
        Some(least) => {
            with_room().find(|(_, member)| member.mailbox.load() <= least.saturating_add(BEHIND))?
        }
        None => in_turn().next()?,
    };
    group.last.store(number.0, Ordering::Relaxed);
    Some(member)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use fleetwright_mqtt::{Delivery, Qos};

    use super::*;
    use crate::ledger::Ledger;
    use crate::mailbox::{Holding, Mailbox};

    /// A group whose members have these numbers.
    struct Scene {
        group: Arc<Group>,
        members: Vec<(ConnectionNumber, Subscription)>,
    }

    impl Scene {
        fn new(ledger: &Arc<Ledger>, numbers: &[u64]) -> Self {
            let group = Arc::new(Group::default());
            let member = |number: &u64| {
                let subscription = Subscription {
                    mailbox: Mailbox::new(ledger),
                    qos: Qos::AtLeastOnce,
                    no_local: false,
                    retain_as_published: false,
                    group: Some(Arc::clone(&group)),
                };
                (ConnectionNumber(*number), subscription)
            };
            Self { members: numbers.iter().map(member).collect(), group }
        }

        /// Leaves a message; gives the number of the member that has it.
        fn publish(&self) -> u64 {
            let members: Vec<_> = self
                .members
                .iter()
                .map(|(number, member)| (&self.group, *number, member))
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
            let chosen = whose_turn(&members, message.cost()).unwrap();
            chosen.mailbox.leave(message);
            let same = |member: &&(ConnectionNumber, Subscription)| {
                Arc::ptr_eq(&member.1.mailbox, &chosen.mailbox)
            };
            self.members.iter().find(same).unwrap().0.0
        }

        fn read(&self, number: u64) {
            let member = self.members.iter().find(|(each, _)| each.0 == number).unwrap();
            while member.1.mailbox.next(true).is_some() {}
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
        scene.members[0].1.mailbox.hold(Holding::default(), holding);
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
