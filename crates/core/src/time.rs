//! Moments of wall-clock time, and the Gregorian calendar. The shells read the clock and pass the time in.

use std::fmt;

const DAY_MILLIS: i64 = 86_400_000;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;
/// Days of 400 years, after which the calendar begins again.
const ERA: i64 = 146_097;

/// Milliseconds since 1970-01-01T00:00:00Z; negative before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The first moment of a date, in UTC; `None` for one that the calendar does not have.
    pub fn of_date(year: i64, month: i64, day: i64) -> Option<Self> {
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let longest = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => return None,
        };
        if !(1..=longest).contains(&day) || !(-100_000..=100_000).contains(&year) {
            return None;
        }
        // Years that begin in March have the leap day last.
        let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        let days = year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - EPOCH;
        Some(Self(days * DAY_MILLIS))
    }

    /// Seconds since 1970; saturates at the ends.
    pub fn of_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// This timestamp moved by a number of milliseconds; saturates at the ends.
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Seconds since 1970 with a fraction, as AWS writes times in JSON bodies.
    pub fn epoch_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// What calendar and clock show in UTC.
    pub fn utc(self) -> Utc {
        let (days, millis) = (self.0.div_euclid(DAY_MILLIS), self.0.rem_euclid(DAY_MILLIS));
        let (era, day) = ((days + EPOCH).div_euclid(ERA), (days + EPOCH).rem_euclid(ERA));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        let seconds = millis / 1000;
        Utc {
            year: era * 400 + year + carry,
            month,
            day,
            hour: seconds / 3600,
            minute: seconds / 60 % 60,
            second: seconds % 60,
            millis: millis % 1000,
        }
    }
}

/// Date and time of day in UTC; as a text `2024-05-01T12:30:15Z` (ISO 8601, whole seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Utc {
    /// Of the Gregorian calendar.
    pub year: i64,
    /// 1 to 12.
    pub month: i64,
    /// 1 to 31.
    pub day: i64,
    /// 0 to 23.
    pub hour: i64,
    /// 0 to 59.
    pub minute: i64,
    /// 0 to 59.
    pub second: i64,
    /// 0 to 999.
    pub millis: i64,
}

impl fmt::Display for Utc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, hour, minute, second, .. } = self;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

/// The end of a day, `YYYY-MM-DD`, in UTC: the first moment of the next one; `None` for what is no day
/// of 1970 to 2049.
pub fn last_moment_of(day: &str) -> Option<Timestamp> {
    let mut parts = day.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, date) = (parts.next()??, parts.next()??, parts.next()??);
    let is_day = day.len() == 10 && parts.next().is_none() && (1970..=2049).contains(&year);
    let begin = Timestamp::of_date(year, month, date).filter(|_| is_day)?;
    Some(begin.plus_millis(DAY_MILLIS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_are_dates_and_times_of_day() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400_001, "2000-02-29T00:00:00Z"),
            (1_795_632_054_123, "2026-11-25T18:40:54Z"),
            (1_704_067_199_999, "2023-12-31T23:59:59Z"),
            (-62_162_121_600_000, "0000-02-29T00:00:00Z"),
        ] {
            assert_eq!(Timestamp(millis).utc().to_string(), text);
        }
        assert_eq!(Timestamp(1_795_632_054_123).utc().millis, 123);
    }

    #[test]
    fn every_date_is_where_it_was_written() {
        let mut day = Timestamp::of_date(1899, 1, 1).unwrap();
        for _ in 0..150_000 {
            let Utc { year, month, day: number, .. } = day.utc();
            assert_eq!(Timestamp::of_date(year, month, number), Some(day), "{}", day.utc());
            day = day.plus_millis(DAY_MILLIS);
        }
    }

    #[test]
    fn every_day_of_a_leap_cycle_follows_the_one_before() {
        let date = |day: i64| {
            let Utc { year, month, day, .. } = Timestamp(day * DAY_MILLIS).utc();
            (year, month, day)
        };
        let mut before = date(-25_567);
        for day in -25_566..30_000 {
            let (year, month, date) = date(day);
            let follows = (year, month, date) == (before.0, before.1, before.2 + 1)
                || (date == 1 && (year, month) == (before.0, before.1 + 1) && before.2 >= 28)
                || (date == 1 && (year, month) == (before.0 + 1, 1) && before.1 == 12);
            assert!(follows, "{before:?} then {year}-{month}-{date}");
            before = (year, month, date);
        }
    }

    #[test]
    fn dates_that_the_calendar_does_not_have_are_refused() {
        for (year, month, day) in
            [(2023, 2, 29), (1900, 2, 29), (2024, 4, 31), (2024, 13, 1), (2024, 0, 1), (2024, 1, 0)]
        {
            assert_eq!(Timestamp::of_date(year, month, day), None, "{year}-{month}-{day}");
        }
        assert!(Timestamp::of_date(2000, 2, 29).is_some());
    }
}
