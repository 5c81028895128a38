//! Jobs.

use fleetwright_core::job::JobRequest;
use fleetwright_core::service_request::ServiceAnswer;

use crate::Services;

impl Services {
    /// Carries a device's request out; the answer is for the connection that asks.
    pub(crate) async fn answer_job(&self, request: &JobRequest, _payload: &[u8]) -> ServiceAnswer {
        let payload =
            br#"{"code":"ResourceNotFound","message":"Jobs are not offered by this server"}"#;
        let topic = format!("{}/rejected", request.topic());
        ServiceAnswer { topic, payload: payload.to_vec() }
    }
}
