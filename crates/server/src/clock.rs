//! The two clocks of the shells.

use std::sync::OnceLock;
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
