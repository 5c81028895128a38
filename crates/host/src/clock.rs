//! The wall clock and the monotonic clock, and how far the wall clock, which may be set, is trusted.

use std::sync::OnceLock;
use std::time::{Instant as Monotonic, SystemTime, UNIX_EPOCH};

use fleetwright_core::time::Timestamp;
use parking_lot::Mutex;

/// Wall-clock time, for what is stored and compared with certificates.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Milliseconds since the process began, never going back: for keep-alive and rates.
pub fn monotonic_millis() -> u64 {
    static START: OnceLock<Monotonic> = OnceLock::new();
    u64::try_from(START.get_or_init(Monotonic::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// How far the wall clock may run ahead of the time that was noted last and still be trusted to
/// delete by: a server may have been off so long. (ours)
const MAX_JUMP_MILLIS: i64 = 7 * 24 * 60 * 60 * 1000;

static TRUSTED: OnceLock<Mutex<TrustedClock>> = OnceLock::new();

/// The wall clock as far as it is trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedClock {
    /// The latest time that was trusted, and when that was by the monotonic clock.
    latest: (Timestamp, u64),
    /// Until when the operator accepts the wall clock (`--accept-clock-until`).
    accepted_until: Option<Timestamp>,
}

/// A reading of the wall clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// The time, which is trusted.
    Plausible(Timestamp),
    /// The clock jumped ahead: the time without the jump, and the jump in milliseconds.
    Jumped(Timestamp, i64),
}

impl TrustedClock {
    /// Starts from the time that an earlier server noted last.
    pub fn since(last_seen: Timestamp, monotonic: u64, accepted_until: Option<Timestamp>) -> Self {
        Self { latest: (last_seen, monotonic), accepted_until }
    }

    /// Compares both clocks. A clock that was set back is trusted: by it less is deleted.
    pub(crate) fn read(&mut self, now: Timestamp, monotonic: u64) -> Reading {
        let (latest, at) = self.latest;
        let passed = i64::try_from(monotonic.saturating_sub(at)).unwrap_or(i64::MAX);
        let expected = latest.0.saturating_add(passed);
        let ahead = now.0.saturating_sub(expected);
        if ahead > MAX_JUMP_MILLIS && self.accepted_until.is_none_or(|until| now > until) {
            return Reading::Jumped(Timestamp(expected), ahead);
        }
        if now >= latest {
            self.latest = (now, monotonic);
        }
        Reading::Plausible(now)
    }
}

/// Sets the clock that [`trusted_now`] reads, once a process.
pub fn trust(trusted: TrustedClock) {
    // Tests that start several servers in one process use the first.
    let _ = TRUSTED.set(Mutex::new(trusted));
}

/// The wall clock at this moment, and whether it is trusted.
pub fn read() -> Reading {
    let Some(trusted) = TRUSTED.get() else { return Reading::Plausible(now()) };
    let mut trusted = trusted.lock();
    trusted.read(now(), monotonic_millis())
}

/// The time to delete by, for ever: a jump of the wall clock is left out. What a jump only refuses
/// or delays goes by [`now`].
pub fn trusted_now() -> Timestamp {
    match read() {
        Reading::Plausible(now) | Reading::Jumped(now, _) => now,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1000;

    #[test]
    fn nothing_is_deleted_by_a_jump_of_the_clock() {
        // Days of the wall clock, hours of the monotonic one, accepted until; what is trusted.
        for (what, readings, accepted_until) in [
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
            ("accepted by the operator", vec![(90, 0, Some(90)), (91, 24, Some(91))], Some(100)),
            ("further than the operator accepted", vec![(101, 0, None)], Some(100)),
        ] {
            let start = Timestamp(1_700_000_000_000);
            let after = |days: i64| Timestamp(start.0 + days * DAY);
            let mut trusted = TrustedClock::since(start, 0, accepted_until.map(after));
            for (days, hours, wanted) in readings {
                let reading = trusted.read(after(days), hours * 60 * 60 * 1000);
                match (reading, wanted) {
                    (Reading::Plausible(now), Some(wanted)) => {
                        assert_eq!(now, after(wanted), "{what}")
                    }
                    (Reading::Jumped(now, _), None) => assert!(now < after(8), "{what}"),
                    (reading, _) => panic!("{what}: {reading:?} at day {days}"),
                }
            }
        }
    }
}
