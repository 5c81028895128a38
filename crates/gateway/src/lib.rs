//! The device gateway: mutual TLS, MQTT, authorization, delivery.
//!
//! `listener` accepts; `identity` finds who it is; `connection` drives one connection from its
//! CONNECT to its end; `authorize` decides; `router` delivers between devices.

mod authorize;
mod callers;
mod connection;
mod counts;
mod custom;
mod directory;
mod enrichment;
mod entrance;
pub mod events;
mod first_connection;
mod https;
mod identity;
mod kept_session;
mod ledger;
mod listener;
mod mailbox;
mod numbers;
mod online;
mod operators;
mod order;
mod pace;
pub mod presence;
mod principal;
mod probes;
mod retained;
pub mod rights;
mod router;
mod sessions;
pub mod settings;
mod standing;
mod stream;
mod topics;
mod traces;
mod web_socket;

use std::sync::{Arc, Weak};

use bytes::Bytes;
pub use callers::{Asked, Callers, Granted, NotVerified, SignedCaller};
pub use counts::Measures;
pub use custom::AuthorizedClient;
pub use entrance::{EndpointNames, Listener, Serves};
use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::{CertificateId, CertificateStatus};
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::event::Event;
use fleetwright_core::limits;
use fleetwright_core::service_request::{Audience, ServiceAnswer};
use fleetwright_mqtt::{Delivered, Delivery, Limits, Publish};
use fleetwright_provisioning::Provisioning;
use fleetwright_services::Services;
use fleetwright_store::{CertificateRow, Store, StoreError};
pub use https::{DataPlane, Https, HttpsDevice, HttpsResponse};
pub use identity::{CertificatePrincipal, HeldTo};
pub use listener::listen;
pub use numbers::Numbers;
pub use principal::{Principal, PrincipalId};
use tokio::sync::Semaphore;
pub use web_socket::{Door, Upgrade, WebSockets, is_upgrade};

use self::kept_session::Subscriber;
use self::standing::Standing;
use self::topics::{Ordinary, Request};
use crate::presence::{Again, Presences};
use crate::rights::Policies;

/// The gateway of this node: what every connection shares.
pub struct Gateway {
    pub(crate) store: Store,
    pub(crate) policies: Arc<Policies>,
    pub(crate) provisioning: Arc<Provisioning>,
    pub(crate) services: Arc<Services>,
    presences: Arc<Presences>,
    settings: settings::Mqtt,
    limits: Arc<Limits>,
    ledger: Arc<ledger::Ledger>,
    directory: Arc<directory::Directory>,
    router: router::Router,
    sessions: sessions::Sessions,
    numbers: Arc<Numbers>,
    last_ends: operators::LastEnds,
    traces: traces::Traces,
    counts: counts::Counts,
    /// Connections beyond their handshake.
    places: Arc<Semaphore>,
}

impl Gateway {
    /// A gateway without connections.
    pub fn new(
        store: Store,
        policies: Arc<Policies>,
        provisioning: Arc<Provisioning>,
        services: Arc<Services>,
        presences: Arc<Presences>,
        numbers: Arc<Numbers>,
        settings: settings::Mqtt,
    ) -> Arc<Self> {
        let limits = Limits {
            not_authorized_v311: match settings.connect_refusal_code {
                settings::ConnectRefusalCode::NotAuthorized => 5,
                settings::ConnectRefusalCode::Seven => 7,
            },
            payload_bytes: limits::PAYLOAD_BYTES,
            user_properties_bytes: limits::USER_PROPERTIES_BYTES,
            outbound_queue_bytes: settings.bytes_per_connection(),
            resend_v5: settings.resend_mqtt5,
            ..Limits::default()
        };
        let ledger = ledger::Ledger::new(settings.bytes_per_connection(), settings.bytes_in_all());
        let places = settings.max_connections.min(Semaphore::MAX_PERMITS);
        let sessions = sessions::Sessions::new(
            store.clone(),
            Arc::clone(&ledger),
            settings.queue_bounds(),
            settings.session_expiry_seconds,
        );
        Arc::new(Self {
            store,
            sessions,
            policies,
            provisioning,
            services,
            presences,
            settings,
            limits: Arc::new(limits),
            directory: directory::Directory::new(Arc::clone(&ledger)),
            router: router::Router::new(Arc::clone(&ledger)),
            ledger,
            numbers,
            last_ends: operators::LastEnds::default(),
            traces: traces::Traces::default(),
            counts: counts::Counts::default(),
            places: Arc::new(Semaphore::new(places)),
        })
    }

    /// How often each bound of memory and delivery, and of shadows, was hit since the start, by name.
    pub fn counters(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let shadows = ("shadow_requests_refused", self.services.shadow_requests_refused());
        self.ledger.counters().chain([shadows])
    }

    /// Brings back the sessions that an earlier process kept; to be called once, before anybody
    /// connects.
    ///
    /// # Errors
    /// When the registry cannot be asked.
    pub async fn restore_sessions(&self) -> Result<usize, StoreError> {
        self.sessions.restore(&self.router).await
    }

    /// Ends sessions whose time is over; answers whether more may be.
    ///
    /// # Errors
    /// When the registry cannot be asked; what was not ended is looked at again.
    pub async fn end_sessions_in_time(&self) -> Result<bool, StoreError> {
        self.sessions.end_in_time(&self.router).await
    }

    /// Gives an event to those who subscribed to it and may receive it.
    pub(crate) async fn publish_event(&self, event: Event) {
        self.publish_own(event.topic, event.payload).await;
    }

    /// Gives a message of the server's own to those who subscribed to it and may receive it; it is in
    /// the queues of sessions when this returns. Answers how many get it.
    async fn publish_own(&self, topic: String, payload: impl Into<Bytes>) -> usize {
        let payload = payload.into();
        let plan = self.router.plan_own(&topic);
        if let Err(refusal) = self.sessions.queue_own(&plan, &topic, &payload).await {
            tracing::error!(%refusal, topic, "a message of the server's is not queued");
        }
        self.router.publish_own(topic, payload, &plan)
    }

    /// Gives what a service tells to those who subscribed to it and may receive it.
    pub async fn publish_service(&self, message: ServiceAnswer) {
        self.publish_own(message.topic, message.payload).await;
    }

    async fn tell(&self, event: Option<Event>) {
        if let Some(event) = event {
            self.publish_event(event).await;
        }
    }

    /// Publishes a message that the control plane authorized; with RETAIN it is durable
    /// in `store` when this returns. `by` is the certificate of a device that asks over HTTPS: a
    /// revocation is as final for it as for a connection of MQTT (see `standing`).
    ///
    /// # Errors
    /// A topic that is not to be published to, a message that could not be kept, or a certificate that
    /// is no longer `ACTIVE`.
    pub async fn publish_for(
        &self,
        store: &Store,
        publish: Authorized<Publish>,
        by: Option<(CertificateId, CertificateRow)>,
    ) -> Result<(), Refusal> {
        // In the directory before the registry is asked.
        let attendance = by.map(|(id, _)| self.directory.attend(id));
        if let Some((id, _)) = by {
            self.expect_active(id).await?;
        }
        let standing = attendance.as_ref().map(|attendance| &*attendance.standing);
        let row = by.map(|(_, row)| row);
        let refuse =
            |reason: &str| Refusal::new(ErrorCode::InvalidRequest, format!("The {reason}."));
        let routed = publish.try_map(topics::route).map_err(|refused| refuse(&refused.1))?;
        let publish = match authorize::for_subscribers(routed) {
            Ok(publish) => publish,
            Err(request) => {
                let shown = authorize::shown(&request);
                let asked = request.derive(|(request, message)| match request {
                    Request::Service(request) if request.audience() == Audience::Subscribers => {
                        Ok((request.clone(), message.payload.clone()))
                    }
                    Request::Service(_) | Request::Provisioning(_) => Err(refuse(&format!(
                        "topic '{}' is for requests whose answer goes to the connection that \
                         asks, and there is none",
                        message.topic
                    ))),
                })?;
                if let Some(shown) = shown {
                    self.hand_to_subscribers(store, &shown, standing, row).await?;
                }
                // Its answer is for subscribers.
                let _ = self.services.answer(&asked, row).await;
                return Ok(());
            }
        };
        self.hand_to_subscribers(store, &publish, standing, row).await
    }

    /// Keeps and routes a message that no connection published: it is nobody's echo.
    async fn hand_to_subscribers(
        &self,
        store: &Store,
        publish: &Authorized<Ordinary<Publish>>,
        standing: Option<&Standing>,
        by: Option<CertificateRow>,
    ) -> Result<(), Refusal> {
        retained::keep(store, publish, by).await?;
        let plan = self.router.plan(Subscriber::NOBODY, publish);
        self.sessions.queue(&plan, publish, by).await?;
        let route = || self.router.publish(Subscriber::NOBODY, publish, &plan);
        match standing {
            Some(standing) => standing.act(route).map(drop).map_err(|_| switched_off()),
            None => {
                route();
                Ok(())
            }
        }
    }

    async fn expect_active(&self, id: CertificateId) -> Result<(), Refusal> {
        match self.store.certificate(id).await? {
            Some(certificate) if certificate.status == CertificateStatus::Active => Ok(()),
            _ => Err(switched_off()),
        }
    }

    /// A message was sent to a client, or dropped.
    pub(crate) fn sent(&self, client_id: &str, message: &Delivery, delivered: Delivered) {
        if matches!(delivered, Delivered::Sent | Delivered::Queued) {
            self.counts.sent.rise();
        }
        self.traces.delivered(client_id, message, delivered);
    }

    /// Has the connections of a certificate look at their rights again.
    pub fn certificate_changed(&self, certificate: &CertificateId) {
        self.directory.recheck_certificate(certificate);
    }

    /// Ends the connections of a certificate that is no longer `ACTIVE`. When this returns, none of
    /// them is granted anything more.
    pub fn certificate_off(&self, certificate: &CertificateId) {
        self.directory.end_certificate(certificate);
    }

    /// Has the connections of callers of IAM look at their rights again: a key that was switched off
    /// ends them.
    pub fn callers_changed(&self) {
        self.policies.callers_changed();
        self.directory.recheck_callers();
    }

    /// Has the connection named like a thing look at its rights again, and tell that it is there,
    /// in case the thing is new.
    pub fn thing_changed(&self, name: &str) {
        self.directory.recheck_client(name);
        if self.presences.is_on()
            && let Some((client, number, since)) = self.directory.client(name)
        {
            self.presences.still_connected(client, number.0, since);
        }
    }

    /// It is indexed from now on who is connected, or no more.
    pub fn connectivity_indexed(&self, on: bool) {
        self.presences.switch(on);
    }
}

fn switched_off() -> Refusal {
    let why =
        "The certificate of this connection is not ACTIVE: nothing is granted to it any more.";
    Refusal::new(ErrorCode::AccessDenied, why)
}

/// Tells again who is connected, of some or of everybody, whenever that is asked for, until there is
/// no gateway.
pub async fn tell_who_is_connected(gateway: Weak<Gateway>) {
    while let Some(connected) = gateway.upgrade() {
        let presences = Arc::clone(&connected.presences);
        drop(connected);
        let again = presences.wanted().await;
        let Some(connected) = gateway.upgrade() else { return };
        match again {
            Again::Clients(names) => {
                let connected = names.iter().filter_map(|name| connected.directory.client(name));
                for (client, number, since) in connected {
                    presences.connected_again(client, number.0, since).await;
                }
            }
            Again::Everybody => {
                let mut shard = 0;
                while let Some(clients) = connected.directory.clients(shard) {
                    for (client, number, since) in clients {
                        presences.connected_again(client, number.0, since).await;
                    }
                    shard += 1;
                }
            }
        }
    }
}
