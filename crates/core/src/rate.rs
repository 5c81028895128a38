//! Rates of requests: a bucket of allowances that fills with time. The time is passed in.

use std::collections::HashMap;
use std::hash::Hash;

/// How many requests there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second, in the long run.
    pub per_second: u32,
    /// Requests at once after a pause, at least 1 to admit any.
    pub burst: u32,
}

/// What one asker may still ask. It holds at most the burst of its rate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Allowance {
    left: f64,
    at_millis: u64,
}

impl Allowance {
    /// The allowance of one who has not asked yet. Milliseconds count from any moment, the same
    /// for all calls.
    pub fn full(rate: Rate, now_millis: u64) -> Self {
        Self { left: f64::from(rate.burst), at_millis: now_millis }
    }

    /// Takes one request, if there is one left. A clock that goes back earns nothing.
    pub fn spend(&mut self, rate: Rate, now_millis: u64) -> bool {
        let earned = self.since(now_millis) as f64 / 1000.0 * f64::from(rate.per_second);
        self.left = (self.left + earned).min(f64::from(rate.burst));
        self.at_millis = self.at_millis.max(now_millis);
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }

    /// Milliseconds since the last question.
    pub fn since(&self, now_millis: u64) -> u64 {
        now_millis.saturating_sub(self.at_millis)
    }
}

/// The allowances of many askers.
#[derive(Debug)]
pub struct Allowances<K> {
    most: usize,
    by_asker: HashMap<K, Allowance>,
}

impl<K: Eq + Hash> Allowances<K> {
    /// Of at most so many askers: at the bound those are forgotten who have earned a whole second's
    /// requests meanwhile, and everybody where that is nobody.
    pub fn new(most: usize) -> Self {
        Self { most, by_asker: HashMap::new() }
    }

    /// Takes one request of an asker's, if there is one left.
    pub fn spend(&mut self, asker: K, rate: Rate, now_millis: u64) -> bool {
        if self.by_asker.len() >= self.most && !self.by_asker.contains_key(&asker) {
            self.by_asker.retain(|_, allowance| allowance.since(now_millis) < 1000);
            if self.by_asker.len() >= self.most {
                self.by_asker.clear();
            }
        }
        let allowance = self.by_asker.entry(asker);
        allowance.or_insert_with(|| Allowance::full(rate, now_millis)).spend(rate, now_millis)
    }

    /// Everybody begins anew.
    pub fn clear(&mut self) {
        self.by_asker.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 2, burst: 5 };

    fn spent(allowance: &mut Allowance, times: u32, now: u64) -> usize {
        (0..times).filter(|_| allowance.spend(RATE, now)).count()
    }

    #[test]
    fn askers_have_their_own_and_are_bounded() {
        let mut allowances = Allowances::new(2);
        let rate = Rate { per_second: 1, burst: 1 };
        assert!(allowances.spend("a", rate, 0) && allowances.spend("b", rate, 500));
        assert!(!allowances.spend("a", rate, 500) && !allowances.spend("b", rate, 600));
        // Nobody is idle: all begin anew.
        assert!(allowances.spend("c", rate, 700));
        assert_eq!(allowances.by_asker.len(), 1);
        assert!(allowances.spend("b", rate, 1600));
        // c is idle, b is not.
        assert!(allowances.spend("a", rate, 1800));
        assert!(!allowances.spend("b", rate, 1800));
    }

    #[test]
    fn a_burst_is_admitted_at_once_and_then_the_rate() {
        let mut allowance = Allowance::full(RATE, 1000);
        assert_eq!(spent(&mut allowance, 9, 1000), 5);
        assert_eq!(spent(&mut allowance, 9, 1499), 0);
        assert_eq!(spent(&mut allowance, 9, 1500), 1);
        assert_eq!(spent(&mut allowance, 9, 2500), 2);
    }

    #[test]
    fn a_pause_earns_no_more_than_the_burst() {
        let mut allowance = Allowance::full(RATE, 0);
        assert_eq!(spent(&mut allowance, 9, 0), 5);
        assert_eq!(spent(&mut allowance, 9, u64::MAX), 5);
    }

    #[test]
    fn a_clock_that_goes_back_earns_nothing() {
        let mut allowance = Allowance::full(RATE, 10_000);
        assert_eq!(spent(&mut allowance, 9, 10_000), 5);
        assert_eq!(spent(&mut allowance, 9, 0), 0);
        assert_eq!(spent(&mut allowance, 9, 10_000), 0);
    }

    #[test]
    fn questions_that_are_refused_cost_nothing() {
        let mut allowance = Allowance::full(RATE, 0);
        assert_eq!(spent(&mut allowance, 5, 0), 5);
        for now in 1..500 {
            assert!(!allowance.spend(RATE, now), "{now}");
        }
        assert!(allowance.spend(RATE, 501));
    }
}
