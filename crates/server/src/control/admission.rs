//! Is there room for this request? A rate per operation, as AWS has one, and a bound of requests
//! under way; both ask of verified callers only, so that a stranger takes nobody's place.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fleetwright_core::rate::{Allowance, Rate};
use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Failure;
use super::service::Service;
use crate::config;

/// Room for requests.
#[derive(Debug)]
pub struct Admission {
    /// `None`: nothing is throttled.
    rate: Option<Rate>,
    /// As many entries as there are operations, at most.
    asked: Mutex<HashMap<(&'static str, &'static str), Allowance>>,
    at_once: usize,
    room: Arc<Semaphore>,
}

/// A request's place; given back when it is dropped.
#[must_use]
pub(super) struct Place(#[expect(dead_code, reason = "held, not read")] OwnedSemaphorePermit);

impl Admission {
    /// The bounds that are configured.
    pub fn new(settings: &config::Control) -> Self {
        let rate = settings
            .requests_per_second
            .map(|per_second| Rate { per_second, burst: settings.burst.unwrap_or(per_second) });
        let at_once = settings.requests_at_once.min(Semaphore::MAX_PERMITS);
        Self { rate, asked: Mutex::default(), at_once, room: Arc::new(Semaphore::new(at_once)) }
    }

    /// Takes a place for a request; milliseconds never go back.
    ///
    /// # Errors
    /// Throttled, or too many requests are under way: each in its service's words.
    pub(super) fn admit(
        &self,
        service: Service,
        operation: &'static str,
        now_millis: u64,
    ) -> Result<Place, Failure> {
        if let Some(rate) = self.rate
            && !self.spend(rate, (service.signing_name(), operation), now_millis)
        {
            return Err(throttled(service, operation, rate));
        }
        Arc::clone(&self.room).try_acquire_owned().map(Place).map_err(|_| {
            Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "ServiceUnavailableException",
                format!(
                    "The server has {} requests under way, as many as requests-at-once of \
                     [control] allows. Retry with backoff, or raise it.",
                    self.at_once
                ),
            )
        })
    }

    fn spend(&self, rate: Rate, key: (&'static str, &'static str), now_millis: u64) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        asked
            .entry(key)
            .or_insert_with(|| Allowance::full(rate, now_millis))
            .spend(rate, now_millis)
    }
}

/// AWS: `ThrottlingException` is 400 in the model of AWS IoT, 429 in that of its data plane;
/// IAM and STS have `Throttling` with 400 among their common errors; Lambda has
/// `TooManyRequestsException` with 429.
fn throttled(service: Service, operation: &str, rate: Rate) -> Failure {
    let (status, name) = match service {
        Service::Iot => (StatusCode::BAD_REQUEST, "ThrottlingException"),
        Service::IotData => (StatusCode::TOO_MANY_REQUESTS, "ThrottlingException"),
        Service::Iam | Service::Sts => (StatusCode::BAD_REQUEST, "Throttling"),
        Service::Lambda => (StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException"),
    };
    let Rate { per_second, burst } = rate;
    Failure::new(
        status,
        name,
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
        Admission::new(&config::Control {
            requests_per_second: per_second,
            burst: None,
            requests_at_once,
        })
    }

    #[test]
    fn without_a_rate_nothing_is_throttled() {
        let admission = admission(None, 1);
        for _ in 0..1000 {
            assert!(admission.admit(Service::Iot, "CreateThing", 0).is_ok());
        }
        assert!(admission.asked.lock().unwrap().is_empty());
    }

    #[test]
    fn each_operation_of_each_service_has_its_own_rate() {
        let admission = admission(Some(2), 1);
        let admitted = |service, operation| {
            (0..5).filter(|_| admission.admit(service, operation, 7).is_ok()).count()
        };
        assert_eq!(admitted(Service::Iot, "CreatePolicy"), 2);
        assert_eq!(admitted(Service::Iot, "CreateThing"), 2);
        assert_eq!(admitted(Service::Iam, "CreatePolicy"), 2);
        assert_eq!(admission.asked.lock().unwrap().len(), 3);
        assert!(admission.admit(Service::Iot, "CreatePolicy", 507).is_ok());
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
            assert!(admission.admit(service, "Operation", 0).is_ok());
            let failure = admission.admit(service, "Operation", 0).err().unwrap();
            assert_eq!((failure.status.as_u16(), &*failure.name), (status, name));
            for part in ["Operation", "1 requests per second", "requests-per-second", "backoff"] {
                assert!(failure.message.contains(part), "{part}: {}", failure.message);
            }
        }
    }

    #[test]
    fn more_requests_than_have_room_are_refused_until_one_ends() {
        let admission = admission(None, 2);
        let first = admission.admit(Service::Iot, "CreateThing", 0).ok().unwrap();
        let _second = admission.admit(Service::Sts, "GetCallerIdentity", 0).ok().unwrap();
        let failure = admission.admit(Service::Iot, "ListThings", 0).err().unwrap();
        assert_eq!(failure.status.as_u16(), 503);
        assert_eq!(failure.name, "ServiceUnavailableException");
        assert!(failure.message.contains("2 requests under way"), "{}", failure.message);
        drop(first);
        assert!(admission.admit(Service::Iot, "ListThings", 0).is_ok());
    }
}
