//! When a job begins and ends, and in which windows.
//!
//! AWS: "Job scheduling configuration"; cron expressions of Amazon EventBridge, without `L`, `W` and
//! `#`.

use serde::{Deserialize, Serialize};

use super::state::words;
use crate::time::Timestamp;

const MINUTE: i64 = 60_000;
const DAY: i64 = 24 * 60 * MINUTE;
/// Minutes of a window. AWS: shape `DurationInMinutes`.
const WINDOW_MINUTES: std::ops::RangeInclusive<i64> = 1..=1430;
/// Days that are looked through for the next window. (ours)
const DAYS_AHEAD: i64 = 2 * 366;

words! {
    /// What becomes of executions at the end.
    EndBehavior {
        StopRollout "STOP_ROLLOUT"
        Cancel "CANCEL"
        ForceCancel "FORCE_CANCEL"
    }
}

/// `schedulingConfig`
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// `startTime`, milliseconds since 1970.
    pub start: Option<i64>,
    /// `endTime`, milliseconds since 1970.
    pub end: Option<i64>,
    /// `endBehavior`: AWS's word.
    pub behavior: Option<String>,
    /// `maintenanceWindows`
    #[serde(default)]
    pub windows: Vec<MaintenanceWindow>,
}

/// One of `maintenanceWindows`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MaintenanceWindow {
    /// `startTime`: `cron(…)`.
    pub cron: String,
    /// `durationInMinutes`
    pub minutes: i64,
}

impl MaintenanceWindow {
    /// Reads one.
    ///
    /// # Errors
    /// A sentence about the value and its rule.
    pub fn parse(cron: &str, minutes: i64) -> Result<Self, String> {
        Cron::parse(cron)?;
        if !WINDOW_MINUTES.contains(&minutes) {
            return Err(format!("A maintenance window lasts 1 to 1430 minutes, not {minutes}."));
        }
        Ok(Self { cron: cron.to_owned(), minutes })
    }
}

impl Schedule {
    /// Whether executions are handed out now: always without windows.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.windows.is_empty() || self.windows.iter().any(|window| window.is_open(now))
    }

    /// When that changes next.
    pub fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        self.windows.iter().filter_map(|window| window.next_turn(now)).min()
    }
}

impl MaintenanceWindow {
    fn last_start(&self, cron: &Cron, now: Timestamp) -> Option<i64> {
        let minute = now.0.div_euclid(MINUTE);
        let mut starts = (0..self.minutes).map(|back| (minute - back) * MINUTE);
        starts.find(|at| cron.fits(Timestamp(*at)))
    }

    fn is_open(&self, now: Timestamp) -> bool {
        Cron::parse(&self.cron).is_ok_and(|cron| self.last_start(&cron, now).is_some())
    }

    fn next_turn(&self, now: Timestamp) -> Option<Timestamp> {
        let cron = Cron::parse(&self.cron).ok()?;
        match self.last_start(&cron, now) {
            Some(start) => Some(Timestamp(start + self.minutes * MINUTE)),
            None => cron.next(now),
        }
    }
}

/// A cron expression of six fields, UTC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: Vec<i64>,
    hours: Vec<i64>,
    /// `None` is `?` or `*`.
    days: Option<Vec<i64>>,
    months: Vec<i64>,
    /// 1 is Sunday; `None` is `?` or `*`.
    weekdays: Option<Vec<i64>>,
    years: Option<Vec<i64>>,
}

const MONTHS: [&str; 12] =
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    /// Reads `cron(MINUTES HOURS DAY MONTH WEEKDAY YEAR)`.
    ///
    /// # Errors
    /// A sentence about the value and its rule.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            "A maintenance window's startTime must be cron(MINUTES HOURS DAY-OF-MONTH MONTH \
             DAY-OF-WEEK YEAR) of numbers, names, lists, ranges and steps."
                .to_owned()
        };
        let inner = text.strip_prefix("cron(").and_then(|text| text.strip_suffix(')'));
        let fields: Vec<&str> = inner.unwrap_or_default().split_whitespace().collect();
        let [minutes, hours, days, months, weekdays, years] = fields.as_slice() else {
            return Err(wrong());
        };
        let any = |text: &str| matches!(text, "*" | "?");
        let some = |text: &str, first, last, names: &[&str]| match any(text) {
            true => Some(None),
            false => numbers(text, first, last, names).map(Some),
        };
        let read = || {
            Some(Self {
                minutes: numbers(minutes, 0, 59, &[])?,
                hours: numbers(hours, 0, 23, &[])?,
                days: some(days, 1, 31, &[])?,
                months: numbers(months, 1, 12, &MONTHS)?,
                weekdays: some(weekdays, 1, 7, &WEEKDAYS)?,
                years: some(years, 1970, 2199, &[])?,
            })
        };
        read().ok_or_else(wrong)
    }

    fn fits_day(&self, at: Timestamp) -> bool {
        let utc = at.utc();
        // 1970-01-01 was a Thursday, the fifth.
        let weekday = (at.0.div_euclid(DAY) + 4).rem_euclid(7) + 1;
        let has = |list: &Option<Vec<i64>>, value: i64| {
            list.as_ref().is_none_or(|list| list.contains(&value))
        };
        self.months.contains(&utc.month)
            && has(&self.days, utc.day)
            && has(&self.weekdays, weekday)
            && has(&self.years, utc.year)
    }

    /// Whether it names this minute.
    fn fits(&self, at: Timestamp) -> bool {
        let utc = at.utc();
        self.minutes.contains(&utc.minute) && self.hours.contains(&utc.hour) && self.fits_day(at)
    }

    /// The first minute after `now` that it names, within two years.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let today = now.0.div_euclid(DAY);
        for day in today..today + DAYS_AHEAD {
            if !self.fits_day(Timestamp(day * DAY)) {
                continue;
            }
            let times = self.hours.iter().flat_map(|hour| {
                self.minutes.iter().map(move |minute| day * DAY + (hour * 60 + minute) * MINUTE)
            });
            if let Some(at) = times.filter(|at| *at > now.0).min() {
                return Some(Timestamp(at));
            }
        }
        None
    }
}

/// The numbers of a field.
fn numbers(text: &str, first: i64, last: i64, names: &[&str]) -> Option<Vec<i64>> {
    let number = |text: &str| {
        let named = names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let value = match named.and_then(|index| i64::try_from(index).ok()) {
            Some(index) => index + 1,
            None => text.parse().ok()?,
        };
        (first..=last).contains(&value).then_some(value)
    };
    let mut found = Vec::new();
    for part in text.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<usize>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (from, to) = match range.split_once('-') {
            Some((from, to)) => (number(from)?, number(to)?),
            None if matches!(range, "*" | "?") => (first, last),
            None if part.contains('/') => (number(range)?, last),
            None => (number(range)?, number(range)?),
        };
        found.extend((from..=to).step_by(step));
    }
    (!found.is_empty()).then_some(found)
}

/// Reads `YYYY-MM-DDThh:mm`, UTC.
pub fn parse_minute(text: &str) -> Option<Timestamp> {
    let (date, time) = text.split_once('T')?;
    let mut date = date.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (date.next()??, date.next()??, date.next()??);
    let (hour, minute) = time.split_once(':')?;
    let (hour, minute): (i64, i64) = (hour.parse().ok()?, minute.parse().ok()?);
    let fits = text.len() == 16
        && date.next().is_none()
        && (0..24).contains(&hour)
        && (0..60).contains(&minute);
    let begin = Timestamp::of_date(year, month, day).filter(|_| fits)?;
    Some(begin.plus_millis((hour * 60 + minute) * MINUTE))
}

/// Writes `YYYY-MM-DDThh:mm`.
pub fn shown_minute(at: Timestamp) -> String {
    at.utc().to_string().chars().take(16).collect()
}
