//! The wired parts, built once; and how they hear of changes.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use fleetwright_ca::KeyPool;
use fleetwright_store::{Change, Store};

use crate::audit::Audit;
use crate::authorities::Authorities;
use crate::bulk::Bulk;
use crate::config::Settings;
use crate::control::{Admission, ControlPlane};
use crate::data_dir::{DATABASE, DataDir};
use crate::events::{self, Events};
use crate::functions::Functions;
use crate::gateway::{self, Gateway};
use crate::hooks::Hooks;
use crate::identities::{self, Identities};
use crate::installation::Admitted;
use crate::issuance::Issuance;
use crate::issuers::Issuers;
use crate::keys::DeviceKeys;
use crate::policies::Policies;
use crate::presence::Presences;
use crate::provisioning::Provisioning;
use crate::sealing::Sealing;
use crate::signing_keys::SigningKeys;
use crate::{admin, clock, credentials, tls, twins};

/// The server could not start. `Display` says what, where and what to do.
#[derive(Debug)]
pub struct StartError(String);

impl StartError {
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartError {}

/// How far the clock may be set back before it is worth a word. (ours)
const CLOCK_BACK_MILLIS: i64 = 5 * 60 * 1000;

/// Everything of one server.
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) audit: Arc<Audit>,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) presences: Arc<Presences>,
    pub(crate) bulk: Arc<Bulk>,
    pub(crate) functions: Arc<Functions>,
    issuance: Arc<Issuance>,
    provisioning: Arc<Provisioning>,
    hooks: Arc<Hooks>,
    sealing: Arc<Sealing>,
    identities: Arc<Identities>,
    issuers: Arc<Issuers>,
    keys: Arc<SigningKeys>,
}

impl App {
    /// Opens the data directory's parts, making them on the first start, and wires them.
    pub(crate) async fn build(
        settings: &Settings,
        dir: &DataDir,
        admitted: &Admitted,
    ) -> Result<Self, StartError> {
        // 1. What is on disk.
        admitted.mark(dir).map_err(StartError::new)?;
        let authorities = Arc::new(Authorities::open(dir)?);
        let pool = KeyPool::open(&dir.join("key-pool"), settings.provisioning.key_pool_capacity)
            .map_err(StartError::new)?;
        let sealing = Arc::new(Sealing::open_or_make(dir).map_err(StartError::new)?);
        let (events, waiting) = Events::new(settings.home.clone());
        let caches = Arc::new(Caches { events, wired: OnceLock::new() });
        let store = open_store(settings, dir, &caches)?;
        let installation = admin::found(admitted, dir, &store, &sealing).await?;
        admitted.finish(dir).map_err(StartError::new)?;
        tracing::info!(%installation, "the data directory's parts belong together");
        believe_clock(settings, &store, &authorities).await?;
        twins::find(&store).await?;

        // 2. What works on it.
        let patience = Duration::from_millis(settings.provisioning.key_wait_millis);
        let keys = DeviceKeys::start(pool, patience).map_err(StartError::new)?;
        let issuance = Arc::new(Issuance::new(Arc::clone(&authorities.ecdsa), keys));
        let tls =
            tls::outgoing("hooks", settings.hooks.ca_file.as_deref()).map_err(StartError::new)?;
        let issuers_tls = tls::outgoing("web-identity", settings.web_identity.ca_file.as_deref())
            .map_err(StartError::new)?;
        let identities =
            Arc::new(Identities::new(identities::in_store(store.clone(), settings.home.clone())));
        let functions = Functions::new(
            settings.home.clone(),
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
            settings.home.clone(),
            store.clone(),
            Arc::clone(&audit),
            Arc::clone(&issuance),
            Arc::clone(&hooks),
            settings.claims.clone(),
            settings.provisioning.check_role.then(|| Arc::clone(&identities)),
        );
        let bulk = Bulk::new(
            settings.home.clone(),
            store.clone(),
            Arc::clone(&provisioning),
            Arc::clone(&sealing),
            settings.bulk.clone(),
            tls,
            dir.join("registration-tasks"),
        );
        let policies = Arc::new(Policies::new(settings.home.clone(), store.clone()));
        let presences = presences(&store).await?;
        let gateway = Gateway::new(
            store.clone(),
            Arc::clone(&policies),
            Arc::clone(&provisioning),
            Arc::clone(&presences),
            gateway::Numbers::start(store.clone()).await,
            settings.mqtt.clone(),
        );

        // 3. Who hears of changes.
        tokio::spawn(events::publish(waiting, Arc::downgrade(&gateway)));
        tokio::spawn(gateway::tell_who_is_connected(Arc::downgrade(&gateway)));
        let keys = Arc::new(SigningKeys::default());
        caches.wire(Listeners {
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
            hooks,
            sealing,
            identities,
            issuers: Arc::new(Issuers::new(issuers_tls)),
            keys,
        })
    }

    /// The control plane; `endpoint` is what `DescribeEndpoint` answers.
    pub(crate) fn control(&self, settings: &Settings, endpoint: String) -> Arc<ControlPlane> {
        let (store, sealing) = (self.store.clone(), Arc::clone(&self.sealing));
        let keys = Arc::clone(&self.keys);
        let home = settings.home.clone();
        let gateway = Arc::clone(&self.gateway);
        Arc::new(ControlPlane {
            registry: self.store.clone(),
            home: settings.home.clone(),
            endpoint,
            issuance: Arc::clone(&self.issuance),
            provisioning: Arc::clone(&self.provisioning),
            publish: Box::new(move |store, message| {
                let gateway = Arc::clone(&gateway);
                Box::pin(async move { gateway.publish_for(&store, message).await })
            }),
            hooks: Arc::clone(&self.hooks),
            functions: Arc::clone(&self.functions),
            bulk: Arc::clone(&self.bulk),
            own_scheme: if settings.api_tls { "https" } else { "http" },
            claim_seconds: settings.provisioning.claim_seconds,
            sealing: Arc::clone(&self.sealing),
            credentials: Box::new(move |asked| {
                let (store, sealing, home) = (store.clone(), Arc::clone(&sealing), home.clone());
                let keys = Arc::clone(&keys);
                Box::pin(
                    async move { credentials::find(&store, &sealing, &home, &keys, asked).await },
                )
            }),
            admission: Admission::new(&settings.control),
            audit: Arc::clone(&self.audit),
            identities: Arc::clone(&self.identities),
            issuers: Arc::clone(&self.issuers),
            clock: clock::now,
        })
    }
}

/// Compares the wall clock with the time that was seen last, and with the authority.
async fn believe_clock(
    settings: &Settings,
    store: &Store,
    authorities: &Authorities,
) -> Result<(), StartError> {
    let known = store.installation().await.map_err(StartError::new)?;
    let now = clock::now();
    let last_seen = known.map_or(now, |known| known.last_seen);
    let vouched = settings.accept_clock_until;
    clock::believe(clock::Believed::since(last_seen, clock::monotonic_millis(), vouched));
    let back = last_seen.0.saturating_sub(now.0);
    if back > CLOCK_BACK_MILLIS {
        tracing::warn!(
            seconds = back / 1000,
            "the clock is behind the time that was seen last: what was issued since then is not \
             valid yet, and what has expired may seem valid again; set the clock"
        );
    }
    for (name, not_before) in authorities.valid_from() {
        if not_before > now {
            tracing::warn!(
                certificate = name,
                seconds = (not_before.0 - now.0) / 1000,
                "a certificate of this authority is not valid yet, and devices will refuse the \
                 server until then: it was made while the clock was ahead. Set the clock if it is \
                 behind now; else begin anew in an empty data directory while no device knows \
                 this root"
            );
        }
    }
    Ok(())
}

/// Nobody is connected yet; those who come are told if that is indexed.
async fn presences(store: &Store) -> Result<Arc<Presences>, StartError> {
    if let Err(error) = store.forget_connections(clock::now()).await {
        tracing::error!(%error, "things that were connected before this start still seem to be");
    }
    let configuration = store.indexing_configuration().await.map_err(StartError::new)?;
    Ok(Presences::start(store.clone(), configuration.things.connectivity))
}

fn open_store(
    settings: &Settings,
    dir: &DataDir,
    caches: &Arc<Caches>,
) -> Result<Store, StartError> {
    let path = dir.join(DATABASE);
    let caches = Arc::clone(caches);
    let sink = Arc::new(move |change: &Change| caches.on_change(change));
    Store::open(&path.to_string_lossy(), settings.home.clone(), sink).map_err(StartError::new)
}

/// Who hears of a change.
struct Listeners {
    policies: Weak<Policies>,
    gateway: Weak<Gateway>,
    provisioning: Weak<Provisioning>,
    identities: Weak<Identities>,
    functions: Weak<Functions>,
    keys: Weak<SigningKeys>,
}

/// What must be told of a change. Wired late: the registry opens before those who listen exist.
struct Caches {
    events: Arc<Events>,
    wired: OnceLock<Listeners>,
}

impl Caches {
    fn wire(&self, listeners: Listeners) {
        // Wired once, by `App::build`.
        let _ = self.wired.set(listeners);
    }

    fn on_change(&self, change: &Change) {
        let Some(wired) = self.wired.get() else { return };
        match change {
            Change::Certificate(id) => tell(&wired.gateway, |it| it.certificate_changed(id)),
            // Before the operator is answered: a revocation is final when it is acknowledged.
            Change::CertificateOff(id) => tell(&wired.gateway, |it| it.certificate_off(id)),
            Change::Thing(name) => {
                tell(&wired.policies, |it| it.thing_changed());
                tell(&wired.gateway, |it| it.thing_changed(name.as_str()));
            }
            Change::Policy(row) => tell(&wired.policies, |it| it.policy_changed(*row)),
            Change::ThingGroup(_) | Change::ThingType(_) => {
                tell(&wired.policies, |it| it.groups_changed());
            }
            Change::CertificateProvider => {
                tell(&wired.provisioning, |it| it.certificate_provider_changed());
            }
            Change::Template(name) => tell(&wired.provisioning, |it| it.template_changed(name)),
            Change::Identities => {
                tell(&wired.identities, |it| it.changed());
                tell(&wired.keys, |it| it.changed());
            }
            Change::ConnectivityIndexing(on) => {
                tell(&wired.gateway, |it| it.connectivity_indexed(*on));
            }
            Change::AccessKey(_) => tell(&wired.keys, |it| it.changed()),
            Change::Function(name) => tell(&wired.functions, |it| it.changed(name)),
            Change::Registry(event) => self.events.hear(event),
        }
    }
}

/// Tells a listener that is still there.
fn tell<T>(listener: &Weak<T>, of: impl FnOnce(&Arc<T>)) {
    if let Some(listener) = listener.upgrade() {
        of(&listener);
    }
}
