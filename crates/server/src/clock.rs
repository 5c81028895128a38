//! The two clocks of the shells, and what is believed of the one that may be set.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Instant as Monotonic, SystemTime, UNIX_EPOCH};

use fleetwright_core::certificate::Instant;

/// Wall-clock time, for what is stored and compared with certificates.
pub(crate) fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Milliseconds since the process began, never going back: for keep-alive and rates.
pub(crate) fn monotonic_millis() -> u64 {
    static START: OnceLock<Monotonic> = OnceLock::new();
    u64::try_from(START.get_or_init(Monotonic::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// How far the wall clock may run ahead of the last time that was seen before what it says is good
/// enough to delete by: a server may have been off so long. (ours)
const AHEAD_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

static BELIEVED: OnceLock<Mutex<Believed>> = OnceLock::new();

/// The wall clock as far as it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Believed {
    /// The latest time that was believed, and when that was by the monotonic clock.
    latest: (Instant, u64),
    /// Until when the operator vouches for the wall clock.
    vouched: Option<Instant>,
}

/// What a look at the wall clock comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// It is believed.
    Fits(Instant),
    /// It is so many milliseconds too far ahead; the time without the jump.
    Jumped(Instant, i64),
}

impl Believed {
    /// Begins with the time that an earlier start saw last.
    pub(crate) fn since(last_seen: Instant, monotonic: u64, vouched: Option<Instant>) -> Self {
        Self { latest: (last_seen, monotonic), vouched }
    }

    /// Looks at both clocks. A clock that was set back is believed: by it less is deleted.
    pub(crate) fn look(&mut self, now: Instant, monotonic: u64) -> Look {
        let (latest, at) = self.latest;
        let passed = i64::try_from(monotonic.saturating_sub(at)).unwrap_or(i64::MAX);
        let expected = latest.0.saturating_add(passed);
        let ahead = now.0.saturating_sub(expected);
        if ahead > AHEAD_MILLIS && self.vouched.is_none_or(|until| now > until) {
            return Look::Jumped(Instant(expected), ahead);
        }
        if now >= latest {
            self.latest = (now, monotonic);
        }
        Look::Fits(now)
    }
}

/// From now on [`believed`] knows the time that was seen last.
pub(crate) fn believe(believed: Believed) {
    // Once a process; tests that start several servers in one go by the first.
    let _ = BELIEVED.set(Mutex::new(believed));
}

/// What [`believed`] makes of the clock at this moment.
pub(crate) fn look() -> Look {
    let Some(believed) = BELIEVED.get() else { return Look::Fits(now()) };
    let mut believed = believed.lock().unwrap_or_else(PoisonError::into_inner);
    believed.look(now(), monotonic_millis())
}

/// The time to delete by, for ever: a jump of the wall clock is left out. What a jump only refuses
/// or delays goes by [`now`].
pub(crate) fn believed() -> Instant {
    match look() {
        Look::Fits(now) | Look::Jumped(now, _) => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn nothing_is_deleted_by_a_jump_of_the_clock() {
        // Days of the wall clock, hours of the monotonic one, vouched until; what is believed.
        for (what, looks, vouched) in [
            ("as it goes", vec![(0, 0, Some(0)), (1, 24, Some(1)), (30, 30 * 24, Some(30))], None),
            ("off for a week", vec![(7, 0, Some(7))], None),
            ("ahead at the start", vec![(90, 0, None), (91, 24, None)], None),
            ("ahead, and right again", vec![(90, 0, None), (0, 1, Some(0))], None),
            ("ahead while it runs", vec![(0, 0, Some(0)), (20, 1, None)], None),
            (
                "set back, and right again",
                vec![(0, 0, Some(0)), (-30, 1, Some(-30)), (0, 2, Some(0))],
                None,
            ),
            ("in small steps", vec![(6, 0, Some(6)), (12, 0, Some(12))], None),
            ("vouched for", vec![(90, 0, Some(90)), (91, 24, Some(91))], Some(100)),
            ("further than vouched for", vec![(101, 0, None)], Some(100)),
        ] {
            let start = Instant(1_700_000_000_000);
            let after = |days: i64| Instant(start.0 + days * DAY);
            let mut believed = Believed::since(start, 0, vouched.map(after));
            for (days, hours, wanted) in looks {
                let look = believed.look(after(days), hours * 60 * 60 * 1000);
                match (look, wanted) {
                    (Look::Fits(now), Some(wanted)) => assert_eq!(now, after(wanted), "{what}"),
                    (Look::Jumped(now, _), None) => assert!(now < after(8), "{what}"),
                    (look, _) => panic!("{what}: {look:?} at day {days}"),
                }
            }
        }
    }
}
