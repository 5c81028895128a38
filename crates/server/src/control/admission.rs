//! Is there room for this request? A rate per operation, as AWS has one, and a bound of requests
//! under way. A stranger takes nobody's place, and who may not have an operation spends nothing of
//! its rate.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use fleetwright_core::rate::{Allowance, Rate};
use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Failure;
use super::service::Service;
use crate::config;

/// Requests of strangers whose proof is looked at, at once: it may take a look at their issuer.
/// (ours)
const STRANGERS: usize = 64;

/// Room for requests.
#[derive(Debug)]
pub struct Admission {
    /// `None`: nothing is throttled.
    rate: Option<Rate>,
    /// As many entries as there are operations, at most.
    asked: Mutex<HashMap<(&'static str, &'static str), Allowance>>,
    at_once: usize,
    room: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
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
        let room = Arc::new(Semaphore::new(at_once));
        let strangers = Arc::new(Semaphore::new(STRANGERS));
        Self { rate, asked: Mutex::default(), at_once, room, strangers }
    }

    /// Takes a place for the request of a verified caller.
    ///
    /// # Errors
    /// Too many requests are under way.
    pub(super) fn place(&self) -> Result<Place, Failure> {
        Arc::clone(&self.room).try_acquire_owned().map(Place).map_err(|_| {
            unavailable(format!(
                "The server has {} requests under way, as many as requests-at-once of [control] \
                 allows. Retry with backoff, or raise it.",
                self.at_once
            ))
        })
    }

    /// Takes a place for a request while its proof is looked at.
    ///
    /// # Errors
    /// Too many such requests are under way.
    pub(super) fn place_of_stranger(&self) -> Result<Place, Failure> {
        Arc::clone(&self.strangers).try_acquire_owned().map(Place).map_err(|_| {
            unavailable(format!(
                "The server looks at {STRANGERS} tokens of web identities already, as many as it \
                 does at once. Retry with backoff."
            ))
        })
    }

    /// Spends one of an operation's requests, for a caller who may have it; milliseconds never go
    /// back.
    ///
    /// # Errors
    /// Throttled, in its service's words.
    pub(super) fn spend(
        &self,
        service: Service,
        operation: &'static str,
        now_millis: u64,
    ) -> Result<(), Failure> {
        let Some(rate) = self.rate else { return Ok(()) };
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let allowed = asked
            .entry((service.signing_name(), operation))
            .or_insert_with(|| Allowance::full(rate, now_millis))
            .spend(rate, now_millis);
        if allowed { Ok(()) } else { Err(throttled(service, operation, rate)) }
    }
}

fn unavailable(message: String) -> Failure {
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, "ServiceUnavailableException", message)
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
            ..config::Control::default()
        })
    }

    #[test]
    fn without_a_rate_nothing_is_throttled() {
        let admission = admission(None, 1);
        for _ in 0..1000 {
            assert!(admission.spend(Service::Iot, "CreateThing", 0).is_ok());
        }
        assert!(admission.asked.lock().unwrap().is_empty());
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
        assert_eq!(admission.asked.lock().unwrap().len(), 3);
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
            let failure = admission.spend(service, "Operation", 0).err().unwrap();
            assert_eq!((failure.status.as_u16(), &*failure.name), (status, name));
            for part in ["Operation", "1 requests per second", "requests-per-second", "backoff"] {
                assert!(failure.message.contains(part), "{part}: {}", failure.message);
            }
        }
    }

    #[test]
    fn more_requests_than_have_room_are_refused_until_one_ends() {
        let admission = admission(None, 2);
        let first = admission.place().ok().unwrap();
        let _second = admission.place().ok().unwrap();
        let failure = admission.place().err().unwrap();
        assert_eq!(failure.status.as_u16(), 503);
        assert_eq!(failure.name, "ServiceUnavailableException");
        assert!(failure.message.contains("2 requests under way"), "{}", failure.message);
        drop(first);
        assert!(admission.place().is_ok());
    }

    #[test]
    fn strangers_have_places_of_their_own_and_so_many_only() {
        let admission = admission(None, 1);
        let places: Vec<_> = (0..1000).map_while(|_| admission.place_of_stranger().ok()).collect();
        assert_eq!(places.len(), STRANGERS);
        assert_eq!(admission.place_of_stranger().err().unwrap().status.as_u16(), 503);
        assert!(admission.place().is_ok());
        drop(places);
        assert!(admission.place_of_stranger().is_ok());
    }
}
