//! How fast a job is rolled out.
//!
//! AWS: "Job rollout, scheduling, and abort configurations".

use serde::{Deserialize, Serialize};

use super::state::Counts;
use crate::time::Timestamp;

const MINUTE: i64 = 60_000;
/// Steps of an exponential rollout that are counted: 1.1 to this power is past every rate.
const STEPS: i64 = 200;

/// `jobExecutionsRolloutConfig`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollout {
    /// `maximumPerMinute`
    pub maximum: Option<u32>,
    /// `exponentialRate`
    pub exponential: Option<Exponential>,
}

/// `exponentialRate`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exponential {
    /// `baseRatePerMinute`
    pub base: u32,
    /// `incrementFactor`, in tenths.
    pub factor: u32,
    /// `numberOfNotifiedThings`
    pub notified: Option<u32>,
    /// `numberOfSucceededThings`
    pub succeeded: Option<u32>,
}

/// The minute under way: when it began, and how many executions it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// When it began.
    pub start: Timestamp,
    /// How many things it was given.
    pub used: i64,
}

/// How many executions may be made now, in which minute, and when to look again if that is all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// So many; `None` is without bound.
    pub most: Option<i64>,
    /// The minute that they belong to.
    pub window: Window,
    /// When there will be more.
    pub next: Timestamp,
}

/// Executions per minute; `None` is without bound. `ceiling` is the installation's own.
fn rate(rollout: Option<&Rollout>, counts: &Counts, ceiling: Option<u32>) -> Option<i64> {
    let bound = |rate: Option<i64>, most: Option<u32>| match (rate, most.map(i64::from)) {
        (Some(rate), Some(most)) => Some(rate.min(most)),
        (rate, most) => rate.or(most),
    };
    let grown = rollout.and_then(|it| it.exponential.as_ref()).map(|it| it.rate(counts));
    bound(bound(grown, rollout.and_then(|it| it.maximum)), ceiling).map(|rate| rate.max(1))
}

impl Exponential {
    fn rate(&self, counts: &Counts) -> i64 {
        let steps = |reached: i64, each: Option<u32>| match each {
            Some(each) if each > 0 => reached / i64::from(each),
            _ => 0,
        };
        let by_notified = steps(counts.notified(), self.notified);
        let by_succeeded = steps(counts.succeeded, self.succeeded);
        let steps = by_notified.max(by_succeeded).min(STEPS);
        let mut rate = f64::from(self.base);
        for _ in 0..steps {
            rate *= f64::from(self.factor) / 10.0;
        }
        rate.clamp(1.0, 1_000_000.0) as i64
    }
}

/// What may be rolled out now.
pub fn allowance(
    rollout: Option<&Rollout>,
    counts: &Counts,
    ceiling: Option<u32>,
    window: Option<Window>,
    now: Timestamp,
) -> Allowance {
    let is_over =
        |window: &Window| !(window.start.0..window.start.0.saturating_add(MINUTE)).contains(&now.0);
    let window = match window {
        Some(window) if !is_over(&window) => window,
        _ => Window { start: now, used: 0 },
    };
    Allowance {
        most: rate(rollout, counts, ceiling).map(|rate| (rate - window.used).max(0)),
        window,
        next: window.start.plus_millis(MINUTE),
    }
}
