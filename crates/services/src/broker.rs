//! The way of what services tell to those who subscribed.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;

use fleetwright_core::service_request::ServiceAnswer;

/// Takes a message to its subscribers: with QoS 1, without RETAIN.
type Publish = dyn Fn(ServiceAnswer) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync;

/// Who takes messages to their subscribers: the gateway, once it is there.
#[derive(Default)]
pub struct Broker(OnceLock<Box<Publish>>);

impl Broker {
    /// From now on messages go this way; only the first call has an effect.
    pub fn connect(&self, publish: Box<Publish>) {
        // Set once, at the start.
        let _ = self.0.set(publish);
    }

    /// Tells a message to its subscribers; those who are away and keep a session have it durably when
    /// this returns.
    pub(crate) async fn publish(&self, message: ServiceAnswer) {
        match self.0.get() {
            Some(publish) => publish(message).await,
            None => tracing::debug!(topic = message.topic, "nobody takes messages yet"),
        }
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").finish_non_exhaustive()
    }
}
