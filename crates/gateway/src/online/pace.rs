//! How fast a connection is read: one that publishes more often than `[mqtt] publishes-per-second` waits,
//! and TCP makes its client wait. So nothing is lost, and QoS 1 stays in order.

use fleetwright_core::rate::{Allowance, Rate};
use fleetwright_host::clock;

use super::Online;
use crate::ledger::Bound;

/// What a connection may still publish, once it published.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    allowance: Allowance,
    /// Nothing is read before, milliseconds.
    held_until: Option<u64>,
}

impl Online {
    /// Counts a PUBLISH that was read.
    pub(super) fn published(&mut self) {
        let Some(rate) = self.rate() else { return };
        let now = clock::monotonic_millis();
        let pace = self.pace.get_or_insert_with(|| {
            Box::new(Pace { allowance: Allowance::full(rate, now), held_until: None })
        });
        if !pace.allowance.spend(rate, now) {
            // It is paid when the time is over.
            pace.held_until = Some(now + u64::from(1000 / rate.per_second).max(1));
            self.mailbox.hit(Bound::PublishRate, 1);
        }
    }

    /// Until when nothing is read, milliseconds.
    pub(super) fn held_until(&mut self) -> Option<u64> {
        let rate = self.rate()?;
        let pace = self.pace.as_mut()?;
        let until = pace.held_until?;
        let now = clock::monotonic_millis();
        if now < until {
            return Some(until);
        }
        pace.held_until = None;
        pace.allowance.spend(rate, now);
        None
    }

    fn rate(&self) -> Option<Rate> {
        let per_second = self.gateway.settings.publishes_per_second?;
        Some(Rate { per_second, burst: per_second })
    }
}
