//! Messages in line for one connection.

use std::collections::VecDeque;

use fleetwright_mqtt::{Delivery, Qos};

/// A queue of this many places is kept while it is empty; a larger one is given back. (ours)
const KEPT: usize = 8;

/// Messages by QoS: QoS 0 need not wait for the window of QoS 1.
#[derive(Debug, Default)]
pub(super) struct Queues {
    next: u64,
    at_most_once: VecDeque<Waiting>,
    at_least_once: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    order: u64,
    /// Milliseconds.
    since: u64,
    message: Delivery,
}

impl Queues {
    fn of(&mut self, qos: Qos) -> &mut VecDeque<Waiting> {
        match qos {
            Qos::AtMostOnce => &mut self.at_most_once,
            Qos::AtLeastOnce => &mut self.at_least_once,
        }
    }

    /// Lines a message up that came now, milliseconds; whether it is the first of its queue.
    pub(super) fn push(&mut self, message: Delivery, now: u64) -> bool {
        let order = self.next;
        self.next += 1;
        let queue = self.of(message.qos);
        queue.push_back(Waiting { order, since: now, message });
        queue.len() == 1
    }

    /// The oldest message and since when it waits; of QoS 1 only if those may be sent now.
    pub(super) fn pop(&mut self, at_least_once: bool) -> Option<(Delivery, u64)> {
        let first = |queue: &VecDeque<Waiting>| queue.front().map(|waiting| waiting.order);
        let (zero, one) = (first(&self.at_most_once), first(&self.at_least_once));
        let qos = match (zero, one.filter(|_| at_least_once)) {
            (Some(zero), Some(one)) if one < zero => Qos::AtLeastOnce,
            (Some(_), _) => Qos::AtMostOnce,
            (None, Some(_)) => Qos::AtLeastOnce,
            (None, None) => return None,
        };
        self.of(qos).pop_front().map(|waiting| (waiting.message, waiting.since))
    }

    /// Whether nothing waits, in much memory.
    pub(super) fn is_to_be_given_back(&self) -> bool {
        let capacity = self.at_most_once.capacity() + self.at_least_once.capacity();
        self.at_most_once.is_empty() && self.at_least_once.is_empty() && capacity > KEPT
    }

    /// How many messages wait, and what they count.
    pub(super) fn size(&self) -> (usize, usize) {
        let all = self.at_most_once.iter().chain(&self.at_least_once);
        all.fold((0, 0), |(count, cost), waiting| (count + 1, cost + waiting.message.cost()))
    }
}
