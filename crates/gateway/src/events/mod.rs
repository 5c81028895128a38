//! Events on `$aws/events/…`: what changed in the registry, as configured, and what connections
//! do, always. `registry`, `lifecycle` and `registered` give topic and payload from values;
//! [`Events`] is the queue between the writer of the registry and the gateway.

mod jobs;
pub mod lifecycle;
mod registry;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use fleetwright_core::arn::AccountScope;
use fleetwright_core::event::Event;
use fleetwright_host::{clock, random};
use fleetwright_store::RegistryEvent;
pub use registry::Stamp;
use tokio::sync::mpsc;

use crate::Gateway;

/// Events that wait for the gateway; further ones are dropped and counted. (ours)
const QUEUE: usize = 8192;
/// The same, bytes of their topics and payloads. (ours)
const QUEUE_BYTES: usize = 16 * 1024 * 1024;

/// Takes events where they arise; never waits.
#[derive(Debug)]
pub struct Events {
    scope: AccountScope,
    queue: mpsc::Sender<Event>,
    /// Bytes in the queue.
    waiting: Arc<AtomicUsize>,
    dropped: AtomicU64,
}

/// The other end of the queue.
#[derive(Debug)]
pub struct Waiting {
    queue: mpsc::Receiver<Event>,
    bytes: Arc<AtomicUsize>,
}

impl Waiting {
    /// The next event; `None` when nobody makes events any more.
    async fn next(&mut self) -> Option<Event> {
        let event = self.queue.recv().await?;
        self.bytes.fetch_sub(event.bytes(), Ordering::Relaxed);
        Some(event)
    }
}

impl Events {
    /// The two ends of the queue.
    pub fn new(scope: AccountScope) -> (Arc<Self>, Waiting) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let bytes = Arc::<AtomicUsize>::default();
        let events = Self { scope, queue, waiting: Arc::clone(&bytes), dropped: AtomicU64::new(0) };
        (Arc::new(events), Waiting { queue: waiting, bytes })
    }

    /// Publishes a change of the registry soon.
    pub fn hear(&self, event: &RegistryEvent) {
        let Ok(id) = random::uuid() else { return };
        let stamp = Stamp { scope: &self.scope, id, at: clock::now() };
        if !self.queue(registry::event(event, &stamp)) {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            // Once per power of two: a flood of events is not one of log lines.
            if dropped.is_power_of_two() {
                tracing::warn!(dropped, "events dropped: they arise faster than they are sent");
            }
        }
    }
}

impl Events {
    /// Whether an event found room.
    fn queue(&self, event: Event) -> bool {
        let bytes = event.bytes();
        let waiting = self.waiting.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes);
        let queued = waiting <= QUEUE_BYTES && self.queue.try_send(event).is_ok();
        if !queued {
            self.waiting.fetch_sub(bytes, Ordering::Relaxed);
        }
        queued
    }
}

/// Hands what waits to the gateway, until there is no gateway or nobody makes events any more.
pub async fn publish(mut waiting: Waiting, gateway: Weak<Gateway>) {
    while let Some(event) = waiting.next().await {
        let Some(gateway) = gateway.upgrade() else { return };
        gateway.publish_event(event).await;
    }
}
