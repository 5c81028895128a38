//! Optional limits per claim certificate: rate, expiry, devices in all.

use std::sync::Arc;

use arc_swap::ArcSwap;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::rate::{Allowances, Rate};
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;
use parking_lot::Mutex;

use crate::settings;

/// Claim certificates whose rate is remembered; the idle ones are forgotten first. (ours)
const REMEMBERED: usize = 10_000;

/// The configured limits, and what each claim certificate has asked in this second.
pub(super) struct ClaimLimits {
    settings: ArcSwap<settings::Claims>,
    asked: Mutex<Allowances<CertificateId>>,
}

impl ClaimLimits {
    pub(super) fn new(settings: settings::Claims) -> Self {
        let asked = Mutex::new(Allowances::new(REMEMBERED));
        Self { settings: ArcSwap::from_pointee(settings), asked }
    }

    /// The limits from now on.
    pub(super) fn reload(&self, settings: settings::Claims) {
        self.settings.store(Arc::new(settings));
    }

    /// Whether a claim certificate may ask anything now.
    pub(super) fn admit(&self, claim: &CertificateId, now: Timestamp) -> Result<(), Refusal> {
        let settings = self.settings.load();
        if **settings == settings::Claims::default() {
            return Ok(());
        }
        self.in_time(claim, now)?;
        let limits = settings.of(&claim.to_string());
        match limits.requests_per_second {
            Some(rate) if !self.spend(claim, rate, clock::monotonic_millis()) => Err(Refusal::new(
                ErrorCode::Throttling,
                format!(
                    "Rate exceeded: {rate} requests per second and claim certificate. Retry with backoff."
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Whether the configuration still lets a claim certificate provision.
    pub(super) fn in_time(&self, claim: &CertificateId, now: Timestamp) -> Result<(), Refusal> {
        let settings = self.settings.load();
        if **settings == settings::Claims::default() {
            return Ok(());
        }
        let limits = settings.of(&claim.to_string());
        if limits.expires.is_some_and(|expires| now.0 >= expires.saturating_mul(1000)) {
            return Err(Refusal::new(
                ErrorCode::AccessDenied,
                "This claim certificate may no longer provision devices: its time is over.",
            )
            .because(format_args!("claim {claim} expired by the configuration")));
        }
        Ok(())
    }

    /// Devices that a claim certificate may register in all.
    pub(super) fn max_devices(&self, claim: &CertificateId) -> Option<u64> {
        self.settings.load().of(&claim.to_string()).max_devices
    }

    fn spend(&self, claim: &CertificateId, rate: u32, now: u64) -> bool {
        let rate = Rate { per_second: rate, burst: rate };
        self.asked.lock().spend(*claim, rate, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_brings_a_seconds_requests() {
        let limits = ClaimLimits::new(settings::Claims::default());
        let claim = CertificateId([1; 32]);
        let spent = (0..5).filter(|_| limits.spend(&claim, 3, 1000)).count();
        assert_eq!(spent, 3);
        assert!(!limits.spend(&claim, 3, 1300));
        assert!(limits.spend(&claim, 3, 1400));
        assert!(limits.spend(&CertificateId([2; 32]), 3, 1400), "others have their own");
    }

    #[test]
    fn an_expired_claim_is_denied_and_no_limit_admits() {
        let claim = CertificateId([1; 32]);
        let none = ClaimLimits::new(settings::Claims::default());
        none.admit(&claim, Timestamp(i64::MAX)).unwrap();
        let settings = settings::Claims { expires: Some(10), ..Default::default() };
        let limits = ClaimLimits::new(settings);
        limits.admit(&claim, Timestamp(9_999)).unwrap();
        assert_eq!(
            limits.admit(&claim, Timestamp(10_000)).unwrap_err().code,
            ErrorCode::AccessDenied
        );
    }
}
