//! The wired parts, built once.

use std::sync::Arc;
use std::time::Duration;

use fleetwright_access::access_keys::{self, SigningKeys};
use fleetwright_access::identities::{self, Identities};
use fleetwright_access::issuers::Issuers;
use fleetwright_control::{Admission, ConsoleLinks, ControlPlane, Endpoints};
use fleetwright_core::logging::LogLevel;
use fleetwright_functions::Functions;
use fleetwright_functions::hooks::Hooks;
use fleetwright_gateway::presence::Presences;
use fleetwright_gateway::rights::Policies;
use fleetwright_gateway::{self as gateway, Gateway, Https, WebSockets, events};
use fleetwright_host::data_dir::DataDir;
use fleetwright_host::sealing::Sealing;
use fleetwright_host::tls::ServerCertificates;
use fleetwright_host::{StartError, clock, tls};
use fleetwright_installation::Authorities;
use fleetwright_installation::audit::Audit;
use fleetwright_installation::parts::Admitted;
use fleetwright_provisioning::Provisioning;
use fleetwright_provisioning::bulk::{Bulk, ToPresign};
use fleetwright_provisioning::credentials::CredentialsProvider;
use fleetwright_provisioning::issuance::Issuance;
use fleetwright_provisioning::keys::DeviceKeys;
use fleetwright_services::{Presign, Services, ToSign};
use fleetwright_store::Store;
use tokio::sync::watch;

use crate::callers::OfControl;
use crate::changes::Listeners;
use crate::config::Settings;
use crate::connections::OfGateway;
use crate::on_disk::OnDisk;
use crate::{health, https, metrics};

/// The parts of one server.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) audit: Arc<Audit>,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) presences: Arc<Presences>,
    pub(crate) bulk: Arc<Bulk>,
    pub(crate) functions: Arc<Functions>,
    issuance: Arc<Issuance>,
    pub(crate) provisioning: Arc<Provisioning>,
    pub(crate) services: Arc<Services>,
    pub(crate) hooks: Arc<Hooks>,
    sealing: Arc<Sealing>,
    identities: Arc<Identities>,
    pub(crate) issuers: Arc<Issuers>,
    keys: Arc<SigningKeys>,
    /// How much is logged of devices, from when that is set.
    pub(crate) log_level: watch::Receiver<Option<LogLevel>>,
}

impl App {
    /// Opens the data directory's parts, making them on the first start, and wires them.
    pub(crate) async fn build(
        settings: &Settings,
        dir: &DataDir,
        admitted: &Admitted,
    ) -> Result<Self, StartError> {
        // 1. What is on disk.
        let OnDisk { store, authorities, key_pool, sealing, changes, events: waiting } =
            OnDisk::open(settings, dir, admitted).await?;

        // 2. What works on it.
        let patience = Duration::from_millis(settings.provisioning.key_wait_millis);
        let keys = DeviceKeys::start(key_pool, patience).map_err(StartError::new)?;
        let issuance = Arc::new(Issuance::new(Arc::clone(&authorities.ecdsa), keys));
        let tls =
            tls::client("hooks", settings.hooks.ca_file.as_deref()).map_err(StartError::new)?;
        let issuers_tls = tls::client("web-identity", settings.web_identity.ca_file.as_deref())
            .map_err(StartError::new)?;
        let identities =
            Arc::new(Identities::new(identities::in_store(store.clone(), settings.scope.clone())));
        let functions = Functions::new(
            settings.scope.clone(),
            dir,
            store.clone(),
            Arc::clone(&sealing),
            Arc::clone(&identities),
            settings.functions.clone(),
        )?;
        let hooks = Hooks::new(settings.hooks.clone(), Arc::clone(&tls), Arc::clone(&functions));
        let hooks = Arc::new(hooks.map_err(StartError::new)?);
        let gather = Duration::from_millis(settings.audit.gather_millis.into());
        let audit = Audit::start(store.clone(), gather);
        let provisioning = Provisioning::new(
            settings.scope.clone(),
            store.clone(),
            Arc::clone(&audit),
            Arc::clone(&issuance),
            Arc::clone(&hooks),
            settings.claims.clone(),
            settings.provisioning.check_role.then(|| Arc::clone(&identities)),
        );
        let bulk = Bulk::new(
            settings.scope.clone(),
            store.clone(),
            Arc::clone(&provisioning),
            Arc::clone(&sealing),
            settings.bulk.clone(),
            tls,
            dir.join("registration-tasks"),
        );
        let policies = Arc::new(Policies::new(settings.scope.clone(), store.clone()));
        let presences = presences(&store).await?;
        let signed_by = Arc::clone(&bulk);
        let presign = settings.bulk.can_presign().then(|| {
            Arc::new(Presign::new(Box::new(move |asked| signed_by.presigned(to_presign(asked)))))
        });
        let services =
            Services::new(store.clone(), settings.shadows.clone(), settings.jobs.clone(), presign);
        let gateway = Gateway::new(
            store.clone(),
            Arc::clone(&policies),
            Arc::clone(&provisioning),
            Arc::clone(&services),
            Arc::clone(&presences),
            gateway::Numbers::start(store.clone()).await,
            settings.mqtt.clone(),
        );

        let broker = Arc::downgrade(&gateway);
        services.broker().connect(Box::new(move |message| {
            let gateway = broker.upgrade();
            Box::pin(async move {
                if let Some(gateway) = gateway {
                    gateway.publish_service(message).await;
                }
            })
        }));

        let kept = gateway.restore_sessions().await.map_err(StartError::new)?;
        if kept > 0 {
            tracing::info!(kept, "sessions of an earlier start wait for their clients");
        }

        // 3. What is notified of changes.
        tokio::spawn(events::publish(waiting, Arc::downgrade(&gateway)));
        tokio::spawn(gateway::tell_who_is_connected(Arc::downgrade(&gateway)));
        let logging = store.logging_options().await.map_err(StartError::new)?;
        changes.start_log_level(logging.map(|options| options.in_force()));
        let keys = Arc::new(access_keys::signing_keys());
        changes.notify(Listeners {
            policies: Arc::downgrade(&policies),
            gateway: Arc::downgrade(&gateway),
            provisioning: Arc::downgrade(&provisioning),
            identities: Arc::downgrade(&identities),
            functions: Arc::downgrade(&functions),
            keys: Arc::downgrade(&keys),
        });
        Ok(Self {
            audit,
            store,
            authorities,
            gateway,
            presences,
            bulk,
            functions,
            issuance,
            provisioning,
            services,
            hooks,
            sealing,
            identities,
            issuers: Arc::new(Issuers::new(issuers_tls)),
            keys,
            log_level: changes.log_level(),
        })
    }

    /// Upgrades to MQTT over WebSocket, for callers that `control` knows.
    pub(crate) fn web_sockets(&self, control: &Arc<ControlPlane>) -> Arc<WebSockets> {
        let callers = Arc::new(OfControl(Arc::clone(control)));
        Arc::new(WebSockets::new(Arc::clone(&self.gateway), callers))
    }

    /// What devices reach by HTTPS: the credentials provider, and the data plane of `control`.
    pub(crate) fn https(
        &self,
        settings: &Settings,
        control: &Arc<ControlPlane>,
        web_sockets: Arc<WebSockets>,
    ) -> Https {
        let credentials = CredentialsProvider::new(
            settings.scope.clone(),
            self.store.clone(),
            Arc::clone(&self.audit),
            Arc::clone(&self.sealing),
            Arc::clone(&self.identities),
        );
        let control = Arc::clone(control);
        Https {
            credentials,
            data_plane: Box::new(move |request, device| {
                Box::pin(https::data_plane(Arc::clone(&control), request, device))
            }),
            web_sockets,
            names: settings.endpoints.clone(),
        }
    }

    /// The control plane; `endpoints` is what `DescribeEndpoint` answers.
    pub(crate) fn control(
        &self,
        settings: &Settings,
        endpoints: Endpoints,
        certificates: Arc<ServerCertificates>,
    ) -> Arc<ControlPlane> {
        let (store, sealing) = (self.store.clone(), Arc::clone(&self.sealing));
        let keys = Arc::clone(&self.keys);
        let scope = settings.scope.clone();
        let gateway = Arc::clone(&self.gateway);
        Arc::new(ControlPlane {
            registry: self.store.clone(),
            scope: settings.scope.clone(),
            endpoints,
            has_certificate_for: Box::new(move |name| certificates.has_own_for(name)),
            issuance: Arc::clone(&self.issuance),
            provisioning: Arc::clone(&self.provisioning),
            services: Arc::clone(&self.services),
            publish: Box::new(move |store, message, by| {
                let gateway = Arc::clone(&gateway);
                Box::pin(async move { gateway.publish_for(&store, message, by).await })
            }),
            console_links: ConsoleLinks::default(),
            connections: Box::new(OfGateway(Arc::clone(&self.gateway))),
            hooks: Arc::clone(&self.hooks),
            functions: Arc::clone(&self.functions),
            bulk: Arc::clone(&self.bulk),
            own_scheme: if settings.api_tls { "https" } else { "http" },
            claim_seconds: settings.provisioning.claim_seconds,
            sealing: Arc::clone(&self.sealing),
            credentials: Box::new(move |asked| {
                let (store, sealing, scope) = (store.clone(), Arc::clone(&sealing), scope.clone());
                let keys = Arc::clone(&keys);
                Box::pin(
                    async move { access_keys::find(&store, &sealing, &scope, &keys, asked).await },
                )
            }),
            admission: Admission::new(&settings.control),
            examine: health::examine(settings.data_dir.clone(), Arc::clone(&self.issuance)),
            measure: settings
                .control
                .metrics
                .then(|| metrics::measure(Arc::clone(&self.gateway), Arc::clone(&self.issuance))),
            audit: Arc::clone(&self.audit),
            identities: Arc::clone(&self.identities),
            issuers: Arc::clone(&self.issuers),
            clock: clock::now,
        })
    }
}

/// No thing is connected yet; from now on presence is recorded, if connectivity is indexed.
async fn presences(store: &Store) -> Result<Arc<Presences>, StartError> {
    if let Err(error) = store.forget_connections(clock::now()).await {
        tracing::error!(%error, "things that were connected before this start still seem to be");
    }
    let configuration = store.indexing_configuration().await.map_err(StartError::new)?;
    Ok(Presences::start(store.clone(), configuration.things.connectivity))
}

/// What the store is asked to sign for a job.
fn to_presign<'a>(asked: &ToSign<'a>) -> ToPresign<'a> {
    let ToSign { method, bucket, key, version, expires, now } = *asked;
    ToPresign { method, bucket, key, version, expires, now }
}
