//! Time as IAM and STS write it.

use fleetwright_core::certificate::Instant;

/// ISO 8601 in UTC, whole seconds: `2026-01-31T09:30:00Z`.
pub(crate) fn iso(instant: Instant) -> String {
    let basic = super::auth::date_time(instant.0.div_euclid(1000));
    let part = |from: usize, to: usize| basic.get(from..to).unwrap_or_default();
    format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0, 4),
        part(4, 6),
        part(6, 8),
        part(9, 11),
        part(11, 13),
        part(13, 15)
    )
}
