//! How near the end of a certificate is.

use fleetwright_core::time::Timestamp;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;
/// Days before an end at which it is said, each more urgent. (ours)
const STAGES: [(i64, Ending); 3] = [(7, Ending::Week), (30, Ending::Month), (60, Ending::Soon)];

/// How near an end is; the later, the more urgent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Within 60 days.
    Soon,
    /// Within 30 days.
    Month,
    /// Within 7 days.
    Week,
    /// It is over.
    Over,
}

impl Ending {
    /// How near this end is; `None` when more than 60 days are left.
    #[must_use]
    pub fn of(not_after: Timestamp, now: Timestamp) -> Option<Self> {
        if not_after.0 < now.0 {
            return Some(Self::Over);
        }
        let days = days_left(not_after, now);
        STAGES.into_iter().find(|(bound, _)| days < *bound).map(|(_, ending)| ending)
    }
}

/// Whole days until an end; negative after it.
#[must_use]
pub fn days_left(not_after: Timestamp, now: Timestamp) -> i64 {
    not_after.0.saturating_sub(now.0).div_euclid(DAY_MILLIS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_said_sixty_thirty_and_seven_days_ahead() {
        let now = Timestamp(1_700_000_000_000);
        for (days, ending) in [
            (61, None),
            (60, None),
            (59, Some(Ending::Soon)),
            (30, Some(Ending::Soon)),
            (29, Some(Ending::Month)),
            (7, Some(Ending::Month)),
            (6, Some(Ending::Week)),
            (0, Some(Ending::Week)),
            (-1, Some(Ending::Over)),
        ] {
            let end = now.plus_millis(days * DAY_MILLIS);
            assert_eq!((Ending::of(end, now), days_left(end, now)), (ending, days));
        }
    }
}
