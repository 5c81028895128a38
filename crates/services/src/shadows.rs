//! Device shadows.

use fleetwright_core::service_request::ServiceAnswer;
use fleetwright_core::shadow::ShadowRequest;

use crate::Services;

impl Services {
    /// Carries a device's request out, and tells its answers to whoever subscribed.
    pub(crate) async fn answer_shadow(&self, request: &ShadowRequest, _payload: &[u8]) {
        let payload = br#"{"code":403,"message":"Device Shadow is not offered by this server"}"#;
        let topic = format!("{}/rejected", request.topic());
        self.broker.publish(ServiceAnswer { topic, payload: payload.to_vec() }).await;
    }
}
