//! How long to wait before the next attempt: exponential, with full jitter.

use std::time::Duration;

/// How provisioning retries what may succeed later: no connection, no answer in time, throttling,
/// a fault of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The most attempts, the first included; 0 means no limit but `deadline`.
    pub max_attempts: u32,
    /// The wait before the second attempt is random between zero and this.
    pub base: Duration,
    /// The bound doubles with every attempt until it is this.
    pub cap: Duration,
    /// The longest time for everything together; `None` means no limit but `max_attempts`.
    pub deadline: Option<Duration>,
}

impl Default for RetryPolicy {
    /// Eight attempts, 0.5 s doubling to 30 s, five minutes in all.
    fn default() -> Self {
        Self {
            max_attempts: 8,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            deadline: Some(Duration::from_secs(300)),
        }
    }
}

impl RetryPolicy {
    /// The wait after the attempt numbered `attempt` (from 1) failed: uniform from zero to
    /// `min(cap, base * 2^(attempt-1))`. Full jitter, so that a fleet that lost its server at one
    /// instant does not come back at one instant.
    pub(crate) fn delay(&self, attempt: u32, random: u64) -> Duration {
        let doublings = attempt.saturating_sub(1).min(31);
        let bound = self.base.saturating_mul(1 << doublings).min(self.cap);
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        // The high half of the product: uniform without division.
        let share = (u128::from(nanos) * u128::from(random)) >> 64;
        Duration::from_nanos(u64::try_from(share).unwrap_or(nanos))
    }

    /// Whether `attempt` failed attempts are all there are.
    pub(crate) fn exhausted(&self, attempt: u32) -> bool {
        self.max_attempts != 0 && attempt >= self.max_attempts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_doubles_up_to_the_cap() {
        let policy = RetryPolicy::default();
        for (attempt, bound_ms) in [
            (1, 500),
            (2, 1000),
            (3, 2000),
            (6, 16_000),
            (7, 30_000),
            (40, 30_000),
            (u32::MAX, 30_000),
        ] {
            let bound = Duration::from_millis(bound_ms);
            assert_eq!(policy.delay(attempt, 0), Duration::ZERO);
            let longest = policy.delay(attempt, u64::MAX);
            assert!(longest <= bound && longest + Duration::from_nanos(2) > bound, "{longest:?}");
        }
    }

    #[test]
    fn half_of_the_randomness_is_half_of_the_bound() {
        let policy = RetryPolicy::default();
        assert_eq!(policy.delay(1, 1 << 63), Duration::from_millis(250));
    }

    #[test]
    fn real_randomness_spreads_the_fleet() {
        let policy = RetryPolicy::default();
        let delays: std::collections::HashSet<_> =
            (0..100).map(|_| policy.delay(5, crate::random::number())).collect();
        assert!(delays.len() > 90);
        assert!(delays.iter().all(|delay| *delay <= Duration::from_secs(8)));
    }

    #[test]
    fn attempts_end_unless_they_have_no_limit() {
        let policy = RetryPolicy { max_attempts: 2, ..RetryPolicy::default() };
        assert!(!policy.exhausted(1) && policy.exhausted(2));
        assert!(!RetryPolicy { max_attempts: 0, ..policy }.exhausted(u32::MAX));
    }
}
