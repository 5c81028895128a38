//! Whether a request is admitted: a rate per operation, as AWS has one, and a bound of requests at
//! once. A request that is not authenticated yet takes no permit of one that is, and a caller who is
//! not authorized spends nothing of an operation's rate.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::rate::{Allowance, Rate};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::ApiError;
use super::service::Service;
use crate::settings;

/// Requests at once whose token is verified, which may take a request to their issuer. (ours)
const UNAUTHENTICATED: usize = 64;

/// Bounds of rate and of requests at once.
#[derive(Debug)]
pub struct Admission {
    bounds: ArcSwap<Bounds>,
    /// As many entries as there are operations, at most.
    allowances: Mutex<HashMap<(&'static str, &'static str), Allowance>>,
    unauthenticated: Arc<Semaphore>,
}

/// What is configured.
#[derive(Debug)]
struct Bounds {
    /// `None`: nothing is throttled.
    rate: Option<Rate>,
    at_once: usize,
    permits: Arc<Semaphore>,
}

/// A permit to answer one request; given back when it is dropped.
#[must_use]
pub(super) struct Permit(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Bounds {
    fn new(settings: &settings::Control) -> Self {
        let rate = settings
            .requests_per_second
            .map(|per_second| Rate { per_second, burst: settings.burst.unwrap_or(per_second) });
        let at_once = settings.requests_at_once.min(Semaphore::MAX_PERMITS);
        let permits = Arc::new(Semaphore::new(at_once));
        Self { rate, at_once, permits }
    }
}

impl Admission {
    /// The bounds that are configured.
    pub fn new(settings: &settings::Control) -> Self {
        let unauthenticated = Arc::new(Semaphore::new(UNAUTHENTICATED));
        let bounds = ArcSwap::from_pointee(Bounds::new(settings));
        Self { bounds, allowances: Mutex::default(), unauthenticated }
    }

    /// The bounds from now on; requests that are under way do not count for them.
    pub fn reload(&self, settings: &settings::Control) {
        self.bounds.store(Arc::new(Bounds::new(settings)));
        self.allowances.lock().clear();
    }

    /// Admits the request of a verified caller.
    ///
    /// # Errors
    /// Too many requests are under way.
    pub(super) fn admit(&self) -> Result<Permit, ApiError> {
        let bounds = self.bounds.load();
        Arc::clone(&bounds.permits).try_acquire_owned().map(Permit).map_err(|_| {
            unavailable(format!(
                "The server has {} requests under way, as many as requests-at-once of [control] \
                 allows. Retry with backoff, or raise it.",
                bounds.at_once
            ))
        })
    }

    /// Admits a request while its token is verified.
    ///
    /// # Errors
    /// Too many such requests are under way.
    pub(super) fn admit_unauthenticated(&self) -> Result<Permit, ApiError> {
        Arc::clone(&self.unauthenticated).try_acquire_owned().map(Permit).map_err(|_| {
            unavailable(format!(
                "The server looks at {UNAUTHENTICATED} tokens of web identities already, as many as it \
                 does at once. Retry with backoff."
            ))
        })
    }

    /// Spends one of an operation's requests, for an authorized caller; milliseconds never go back.
    ///
    /// # Errors
    /// Throttled.
    pub(super) fn spend(
        &self,
        service: Service,
        operation: &'static str,
        now_millis: u64,
    ) -> Result<(), ApiError> {
        let Some(rate) = self.bounds.load().rate else { return Ok(()) };
        let mut allowances = self.allowances.lock();
        let allowed = allowances
            .entry((service.signing_name(), operation))
            .or_insert_with(|| Allowance::full(rate, now_millis))
            .spend(rate, now_millis);
        if allowed { Ok(()) } else { Err(throttled(operation, rate)) }
    }
}

fn unavailable(message: String) -> ApiError {
    ApiError::new(ErrorCode::ServiceUnavailable, message)
}

fn throttled(operation: &str, rate: Rate) -> ApiError {
    let Rate { per_second, burst } = rate;
    ApiError::new(
        ErrorCode::Throttling,
        format!(
            "Rate exceeded: {operation} has {per_second} requests per second and {burst} at once. \
             Retry with backoff, or raise requests-per-second of [control]."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(per_second: Option<u32>, requests_at_once: usize) -> Admission {
        Admission::new(&settings::Control {
            requests_per_second: per_second,
            burst: None,
            requests_at_once,
            ..settings::Control::default()
        })
    }

    #[test]
    fn without_a_rate_nothing_is_throttled() {
        let admission = admission(None, 1);
        for _ in 0..1000 {
            assert!(admission.spend(Service::Iot, "CreateThing", 0).is_ok());
        }
        assert!(admission.allowances.lock().is_empty());
    }

    #[test]
    fn each_operation_of_each_service_has_its_own_rate() {
        let admission = admission(Some(2), 1);
        let admitted = |service, operation| {
            (0..5).filter(|_| admission.spend(service, operation, 7).is_ok()).count()
        };
        assert_eq!(admitted(Service::Iot, "CreatePolicy"), 2);
        assert_eq!(admitted(Service::Iot, "CreateThing"), 2);
        assert_eq!(admitted(Service::Iam, "CreatePolicy"), 2);
        assert_eq!(admission.allowances.lock().len(), 3);
        assert!(admission.spend(Service::Iot, "CreatePolicy", 507).is_ok());
    }

    #[test]
    fn a_throttled_request_is_told_so_in_its_services_words() {
        let admission = admission(Some(1), 1);
        for (service, status, name) in [
            (Service::Iot, 400, "ThrottlingException"),
            (Service::IotData, 429, "ThrottlingException"),
            (Service::Iam, 400, "Throttling"),
            (Service::Sts, 400, "Throttling"),
            (Service::Lambda, 429, "TooManyRequestsException"),
        ] {
            assert!(admission.spend(service, "Operation", 0).is_ok());
            let error = admission.spend(service, "Operation", 0).err().unwrap();
            assert_eq!((error.status(service).as_u16(), error.name(service)), (status, name));
            for part in ["Operation", "1 requests per second", "requests-per-second", "backoff"] {
                assert!(error.message.contains(part), "{part}: {}", error.message);
            }
        }
    }

    #[test]
    fn more_requests_than_have_room_are_refused_until_one_ends() {
        let admission = admission(None, 2);
        let first = admission.admit().ok().unwrap();
        let _second = admission.admit().ok().unwrap();
        let error = admission.admit().err().unwrap();
        assert_eq!(error.kind, ErrorCode::ServiceUnavailable.into());
        assert!(error.message.contains("2 requests under way"), "{}", error.message);
        drop(first);
        assert!(admission.admit().is_ok());
    }

    #[test]
    fn unauthenticated_requests_have_so_many_permits_of_their_own() {
        let admission = admission(None, 1);
        let permits: Vec<_> =
            (0..1000).map_while(|_| admission.admit_unauthenticated().ok()).collect();
        assert_eq!(permits.len(), UNAUTHENTICATED);
        let error = admission.admit_unauthenticated().err().unwrap();
        assert_eq!(error.kind, ErrorCode::ServiceUnavailable.into());
        assert!(admission.admit().is_ok());
        drop(permits);
        assert!(admission.admit_unauthenticated().is_ok());
    }
}
