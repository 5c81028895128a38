//! The device gateway: mutual TLS, MQTT, authorization, delivery.
//!
//! `listener` accepts; `identity` finds who it is; `connection` drives one connection from its
//! CONNECT to its end; `authorize` decides; `router` delivers between devices.

mod authorize;
mod connection;
mod directory;
mod identity;
mod listener;
mod mailbox;
mod newcomer;
mod online;
mod router;
mod stream;
mod topics;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use fleetwright_core::certificate::CertificateId;
use fleetwright_mqtt::Limits;
use fleetwright_store::Store;

pub use identity::{Held, Principal};
pub use listener::listen;

use crate::config;
use crate::events::Event;
use crate::policies::Policies;
use crate::provisioning::Provisioning;

/// The gateway of this node: what every connection shares.
pub struct Gateway {
    pub(crate) store: Store,
    pub(crate) policies: Arc<Policies>,
    pub(crate) provisioning: Arc<Provisioning>,
    settings: config::Mqtt,
    limits: Arc<Limits>,
    directory: Arc<directory::Directory>,
    router: router::Router,
    numbers: AtomicU64,
}

impl Gateway {
    /// A gateway without connections.
    pub fn new(
        store: Store,
        policies: Arc<Policies>,
        provisioning: Arc<Provisioning>,
        settings: config::Mqtt,
    ) -> Arc<Self> {
        let limits = Limits {
            retain_available: false,
            not_authorized_v311: match settings.connect_refusal_code {
                config::ConnectRefusalCode::NotAuthorized => 5,
                config::ConnectRefusalCode::Seven => 7,
            },
            ..Limits::default()
        };
        Arc::new(Self {
            store,
            policies,
            provisioning,
            settings,
            limits: Arc::new(limits),
            directory: directory::Directory::new(),
            router: router::Router::default(),
            numbers: AtomicU64::new(0),
        })
    }

    /// Gives an event to those who subscribed to it and may receive it.
    pub fn publish_event(&self, event: &Event) {
        self.router.publish_own(&event.topic, &event.payload);
    }

    fn tell(&self, event: Option<Event>) {
        if let Some(event) = event {
            self.publish_event(&event);
        }
    }

    /// Has the connections of a certificate look at their rights again.
    pub fn certificate_changed(&self, certificate: &CertificateId) {
        self.directory.recheck_certificate(certificate);
    }

    /// Has the connection named like a thing look at its rights again.
    pub fn thing_changed(&self, name: &str) {
        self.directory.recheck_client(name);
    }
}
