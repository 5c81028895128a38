//! Dates in policies: ISO 8601 in UTC or with an offset, or seconds since 1970.

use crate::time::Timestamp;

/// Reads `2024-05-01`, `2024-05-01T12:30Z`, `2024-05-01T12:30:15.5+02:00` or epoch seconds.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1000).map(Timestamp);
    }
    match text.split_once('T') {
        Some((day, time)) => Some(date(day)?.plus_millis(millis_of_day(time)?)),
        None => date(text),
    }
}

fn number(text: &str, digits: usize) -> Option<i64> {
    let plain = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// The first moment of `2024-05-01`.
fn date(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('-');
    let (year, month) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?);
    let day = number(parts.next()?, 2)?;
    if parts.next().is_some() { None } else { Timestamp::of_date(year, month, day) }
}

fn millis_of_day(time: &str) -> Option<i64> {
    let (clock, offset) = match time.strip_suffix('Z') {
        Some(clock) => (clock, 0),
        None => {
            let (clock, zone) = time.split_at_checked(time.rfind(['+', '-'])?)?;
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            (clock, sign * minutes_of(hours, minutes)?)
        }
    };
    let mut parts = clock.splitn(3, ':');
    let minutes = minutes_of(parts.next()?, parts.next()?)?;
    let millis = match parts.next() {
        None => 0,
        Some(seconds) => {
            let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, "0"));
            let whole = number(whole, 2).filter(|seconds| *seconds < 60)?;
            let thousandths: String = fraction.chars().chain("00".chars()).take(3).collect();
            let plain = fraction.bytes().all(|b| b.is_ascii_digit());
            whole * 1000 + if plain { number(&thousandths, 3)? } else { return None }
        }
    };
    Some((minutes - offset) * 60_000 + millis)
}

fn minutes_of(hours: &str, minutes: &str) -> Option<i64> {
    let hours = number(hours, 2).filter(|hours| *hours < 24)?;
    let minutes = number(minutes, 2).filter(|minutes| *minutes < 60)?;
    Some(hours * 60 + minutes)
}
