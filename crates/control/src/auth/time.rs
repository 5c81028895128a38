//! The one form of time that Signature Version 4 knows: `YYYYMMDDTHHMMSSZ`.

use fleetwright_core::time::{Timestamp, Utc};

/// Reads `YYYYMMDDTHHMMSSZ` as seconds since 1970; `None` for any other text.
pub(super) fn parse(text: &str) -> Option<i64> {
    let bytes: &[u8; 16] = text.as_bytes().try_into().ok()?;
    if bytes[8] != b'T' || bytes[15] != b'Z' {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        digits.iter().try_fold(0, |sum, digit| match digit {
            b'0'..=b'9' => Some(sum * 10 + i64::from(digit - b'0')),
            _ => None,
        })
    };
    let (year, month, day) = (number(0, 4)?, number(4, 6)?, number(6, 8)?);
    let (hour, minute, second) = (number(9, 11)?, number(11, 13)?, number(13, 15)?);
    let first = Timestamp::of_date(year, month, 1)?.0 / 1000;
    let valid = (1..=31).contains(&day) && hour < 24 && minute < 60 && second < 61;
    valid.then(|| first + (day - 1) * 86_400 + hour * 3600 + minute * 60 + second)
}

/// Writes seconds since 1970 as `YYYYMMDDTHHMMSSZ`.
pub(super) fn format(seconds: i64) -> String {
    let Utc { year, month, day, hour, minute, second, .. } = Timestamp::of_seconds(seconds).utc();
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}
