//! How often one shadow may be asked: `[shadows] requests-per-second`.

use std::sync::atomic::{AtomicU64, Ordering};

use fleetwright_core::rate::{Allowances, Rate};
use fleetwright_core::shadow::ShadowId;
use fleetwright_host::clock;
use parking_lot::Mutex;

/// Shadows whose rate is remembered; idle ones are forgotten first. (ours)
const REMEMBERED: usize = 100_000;
/// Refusals that are less apart are one burst in the log, milliseconds. (ours)
const BURST: u64 = 10_000;

/// The rate, and what each shadow was asked in this second.
#[derive(Debug)]
pub(crate) struct Pace {
    rate: Option<Rate>,
    asked: Mutex<Allowances<ShadowId>>,
    refused: AtomicU64,
    /// Milliseconds; 0 if never.
    last_refusal: AtomicU64,
}

impl Pace {
    /// Without a rate, everything is admitted.
    pub(crate) fn new(per_second: Option<u32>) -> Self {
        Self {
            rate: per_second.map(|per_second| Rate { per_second, burst: per_second }),
            asked: Mutex::new(Allowances::new(REMEMBERED)),
            refused: AtomicU64::new(0),
            last_refusal: AtomicU64::new(0),
        }
    }

    /// Whether a shadow may be asked now. A refusal is counted, and the first of a burst logged.
    pub(crate) fn admits(&self, shadow: &ShadowId) -> bool {
        let Some(rate) = self.rate else { return true };
        let now = clock::monotonic_millis();
        if self.asked.lock().spend(shadow.clone(), rate, now) {
            return true;
        }
        let in_all = self.refused.fetch_add(1, Ordering::Relaxed) + 1;
        let last = self.last_refusal.swap(now + 1, Ordering::Relaxed);
        if last == 0 || now.saturating_sub(last) > BURST {
            tracing::warn!(
                event = "LimitReached", limit = "[shadows] requests-per-second",
                per_second = rate.per_second, %shadow, in_all,
                "a shadow is asked too often: requests are answered with 429"
            );
        }
        false
    }

    /// Refusals since the start.
    pub(crate) fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }
}
