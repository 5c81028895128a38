//! How fast a connection is read: one that publishes more often than `[mqtt] publishes-per-second` waits,
//! and TCP makes its client wait. So nothing is lost, and QoS 1 stays in order.

use fleetwright_core::rate::{Allowance, Rate};

/// What a connection may still publish, once it published.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    rate: Rate,
    allowance: Allowance,
    /// Nothing is read before, milliseconds.
    held_until: Option<u64>,
}

impl Pace {
    /// Of one that has not published yet.
    pub(super) fn new(per_second: u32, now: u64) -> Self {
        let rate = Rate { per_second, burst: per_second };
        Self { rate, allowance: Allowance::full(rate, now), held_until: None }
    }

    /// Counts a PUBLISH; false when it was one too many, and nothing is to be read for a while.
    pub(super) fn published(&mut self, now: u64) -> bool {
        let allowed = self.allowance.spend(self.rate, now);
        if !allowed {
            // It is paid when the time is over.
            self.held_until = Some(now + u64::from(1000 / self.rate.per_second).max(1));
        }
        allowed
    }

    /// Until when nothing is to be read, milliseconds.
    pub(super) fn held_until(&mut self, now: u64) -> Option<u64> {
        let until = self.held_until?;
        if now < until {
            return Some(until);
        }
        self.held_until = None;
        self.allowance.spend(self.rate, now);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_publishes_too_often_is_held_to_the_rate() {
        let mut pace = Pace::new(10, 0);
        assert!((0..10).all(|_| pace.published(0)));
        let (mut now, mut read) = (0, 0);
        while now < 1000 {
            match pace.held_until(now) {
                Some(until) => now = until,
                None => {
                    pace.published(now);
                    read += 1;
                }
            }
        }
        assert!((10..=11).contains(&read), "{read}");
    }
}
