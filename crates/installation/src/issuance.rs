//! `[issuance]`: what certificates of devices are like.

use fleetwright_core::configuration::{Key, Takes};
use serde::{Deserialize, Serialize};

/// Seconds of the units in which a validity may be given.
const UNITS: [(char, i64); 4] =
    [('h', 3600), ('d', 86_400), ('w', 7 * 86_400), ('y', 365 * 86_400)];
/// Longest validity, years. (ours)
const YEARS: i64 = 100;

/// Settings of issuing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// How long a device's certificate is valid: a number of hours (`h`), days (`d`), weeks (`w`) or
    /// years of 365 days (`y`). AWS, and the default: until 2049-12-31T23:59:59Z.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validity: Option<String>,
}

impl Settings {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[Key::new("validity", Takes::Text(validity))];

    /// Seconds that a device's certificate is valid, if that is set.
    #[must_use]
    pub fn seconds(&self) -> Option<i64> {
        self.validity.as_deref().and_then(seconds)
    }
}

fn validity(text: &str) -> Result<(), String> {
    seconds(text).map(drop).ok_or_else(|| {
        format!(
            "a duration of an hour to {YEARS} years with its unit (h, d, w, y), such as 365d; left \
             out, certificates of devices end with 2049"
        )
    })
}

fn seconds(text: &str) -> Option<i64> {
    let (_, unit) = UNITS.into_iter().find(|(unit, _)| text.ends_with(*unit))?;
    let count: i64 = text.get(..text.len() - 1)?.parse().ok()?;
    let longest = YEARS * UNITS.last()?.1;
    count.checked_mul(unit).filter(|seconds| (1..=longest).contains(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_validity_is_a_number_with_its_unit() {
        for (text, seconds) in [
            ("1h", Some(3600)),
            ("90d", Some(90 * 86_400)),
            ("2w", Some(14 * 86_400)),
            ("100y", Some(100 * 365 * 86_400)),
            ("101y", None),
            ("0d", None),
            ("-1d", None),
            ("365", None),
            ("d", None),
            ("", None),
            ("1.5y", None),
            ("9223372036854775807y", None),
            ("1é", None),
        ] {
            let settings = Settings { validity: Some(text.to_owned()) };
            assert_eq!(settings.seconds(), seconds, "{text:?}");
            assert_eq!(validity(text).is_ok(), seconds.is_some(), "{text:?}");
        }
        assert_eq!(Settings::default().seconds(), None);
    }
}
