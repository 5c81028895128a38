//! Rates of requests: a bucket of allowances that fills with time. The time is passed in.

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

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 2, burst: 5 };

    fn spent(allowance: &mut Allowance, times: u32, now: u64) -> usize {
        (0..times).filter(|_| allowance.spend(RATE, now)).count()
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
