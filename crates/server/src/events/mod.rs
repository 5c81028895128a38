//! Events on `$aws/events/…`: what changed in the registry, as configured, and what connections
//! do, always. `registry`, `lifecycle` and `registered` give topic and payload from values;
//! [`Events`] is the queue between the writer of the registry and the gateway.

pub mod lifecycle;
mod registered;
mod registry;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use fleetwright_core::arn::Home;
use fleetwright_store::RegistryEvent;
use tokio::sync::mpsc;

pub use registered::registered;
pub use registry::Stamp;

use crate::gateway::Gateway;
use crate::{clock, random};

/// Events that wait for the gateway; further ones are dropped and counted. (ours)
const QUEUE: usize = 8192;

/// One message of the server's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Where to.
    pub topic: String,
    /// JSON.
    pub payload: Bytes,
}

impl Event {
    fn new(topic: String, payload: &serde_json::Value) -> Self {
        Self { topic, payload: payload.to_string().into() }
    }
}

/// Takes events where they arise; never waits.
#[derive(Debug)]
pub struct Events {
    home: Home,
    queue: mpsc::Sender<Event>,
    dropped: AtomicU64,
}

impl Events {
    /// The two ends of the queue.
    pub fn new(home: Home) -> (Arc<Self>, mpsc::Receiver<Event>) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        (Arc::new(Self { home, queue, dropped: AtomicU64::new(0) }), waiting)
    }

    /// Publishes a change of the registry soon.
    pub fn hear(&self, event: &RegistryEvent) {
        let Ok(id) = random::uuid() else { return };
        let stamp = Stamp { home: &self.home, id, at: clock::now() };
        if self.queue.try_send(registry::event(event, &stamp)).is_err() {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            // Once per power of two: a flood of events is not one of log lines.
            if dropped.is_power_of_two() {
                tracing::warn!(dropped, "events dropped: they arise faster than they are sent");
            }
        }
    }
}

/// Hands what waits to the gateway, until there is no gateway or nobody makes events any more.
pub(crate) async fn publish(mut waiting: mpsc::Receiver<Event>, gateway: Weak<Gateway>) {
    while let Some(event) = waiting.recv().await {
        let Some(gateway) = gateway.upgrade() else { return };
        gateway.publish_event(&event);
    }
}
