//! What a connection is told: flags, so that a notice left twice is left once; and what operators
//! order.

use std::sync::atomic::Ordering;

use super::Mailbox;
use crate::order::{ORDERS, Order};

impl Mailbox {
    /// Whether the connection must end to make room.
    pub(crate) fn must_end(&self) -> bool {
        self.must_end.load(Ordering::Acquire)
    }

    /// Tells the connection that another one has its client id.
    pub(crate) fn take_over(&self) {
        self.taken_over.store(true, Ordering::Release);
        self.arrived.notify_one();
    }

    /// Tells the connection that its certificate, its thing or their policies changed.
    pub(crate) fn ask_recheck(&self) {
        self.recheck.store(true, Ordering::Release);
        self.arrived.notify_one();
    }

    /// Tells the connection that something came to its session's queue.
    pub(crate) fn tell_queued(&self) {
        self.queued.store(true, Ordering::Release);
        self.arrived.notify_one();
    }

    /// Whether something came to the queue; asking again starts anew.
    pub(crate) fn told_queued(&self) -> bool {
        self.queued.swap(false, Ordering::AcqRel)
    }

    /// Asks the connection to do something; false when too much waits already.
    pub(crate) fn order(&self, order: Order) -> bool {
        let mut orders = self.orders.lock();
        let made = orders.get_or_insert_default();
        if made.len() >= ORDERS {
            return false;
        }
        made.push(order);
        drop(orders);
        self.arrived.notify_one();
        true
    }

    /// What the connection is asked to do.
    pub(crate) fn take_orders(&self) -> Vec<Order> {
        self.orders.lock().take().map(|orders| *orders).unwrap_or_default()
    }

    fn has_orders(&self) -> bool {
        self.orders.lock().is_some()
    }

    /// Whether there is a notice that nobody has looked at.
    pub(crate) fn has_notice(&self) -> bool {
        self.is_taken_over()
            || self.must_end()
            || self.recheck.load(Ordering::Acquire)
            || self.has_orders()
    }

    /// Whether the client id was taken over.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.taken_over.load(Ordering::Acquire)
    }

    /// Whether a recheck was asked for; asking again starts anew.
    pub(crate) fn recheck_asked(&self) -> bool {
        self.recheck.swap(false, Ordering::AcqRel)
    }
}
