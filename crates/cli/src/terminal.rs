//! What people read: times, durations, colours.

use std::io::IsTerminal;
use std::time::Duration;

use fleetwright_core::text::{escaped, escaped_json};
use fleetwright_core::time::{Timestamp, Utc};

/// Colours of a terminal; none when the output goes elsewhere or `NO_COLOR` is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Colours(bool);

impl Colours {
    /// Those of the standard output.
    pub(crate) fn of_output() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self(wanted && std::io::stdout().is_terminal())
    }

    /// None.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self(false)
    }

    /// Good news.
    pub(crate) fn green(self, text: &str) -> String {
        self.painted("32", text)
    }

    /// Bad news.
    pub(crate) fn red(self, text: &str) -> String {
        self.painted("31", text)
    }

    /// What needs a look.
    pub(crate) fn yellow(self, text: &str) -> String {
        self.painted("33", text)
    }

    /// What matters less.
    pub(crate) fn faint(self, text: &str) -> String {
        self.painted("2", text)
    }

    /// A heading.
    pub(crate) fn bold(self, text: &str) -> String {
        self.painted("1", text)
    }

    fn painted(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A text from outside as one line that steers no terminal; a tab is a space.
pub(crate) fn plain(text: &str) -> String {
    escaped(&text.replace('\t', " "))
}

/// JSON that may hold texts from outside, for a terminal or a program.
pub(crate) fn plain_json(value: &impl ToString) -> String {
    escaped_json(&value.to_string())
}

/// A duration such as 90s, 15m, 2h or 7d.
pub(crate) fn while_of(text: &str) -> Result<Duration, String> {
    let wrong = || format!("'{text}' is not a time such as 90s, 15m, 2h or 7d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    let number: u32 = number.parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(u64::from(number) * seconds))
}

/// Milliseconds since 1970 as `2026-11-25 18:40:54.123Z`.
pub(crate) fn utc(millis: i64) -> String {
    let Utc { year, month, day, hour, minute, second, millis } = Timestamp(millis).utc();
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_utc() {
        for (millis, text) in [
            (0, "1970-01-01 00:00:00.000Z"),
            (951_782_400_001, "2000-02-29 00:00:00.001Z"),
            (1_795_632_054_123, "2026-11-25 18:40:54.123Z"),
            (1_704_067_199_999, "2023-12-31 23:59:59.999Z"),
        ] {
            assert_eq!(utc(millis), text);
        }
    }

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(while_of("15m"), Ok(Duration::from_secs(900)));
        for wrong in ["", "15", "m", "-1s", "1.5h", "15 m"] {
            assert!(while_of(wrong).is_err(), "{wrong}");
        }
    }
}
