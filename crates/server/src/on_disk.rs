//! What is in the data directory, opened; made on the first start.

use std::sync::Arc;

use fleetwright_ca::KeyPool;
use fleetwright_gateway::events::{Events, Waiting};
use fleetwright_host::data_dir::{DATABASE, DataDir};
use fleetwright_host::sealing::Sealing;
use fleetwright_host::{StartError, clock};
use fleetwright_installation::parts::Admitted;
use fleetwright_installation::{self as installation, Authorities, twins};
use fleetwright_store::{Change, Store};

use crate::changes::Changes;
use crate::config::Settings;

/// How far the clock may be set back before a warning. (ours)
const CLOCK_BACK_MILLIS: i64 = 5 * 60 * 1000;

/// The parts of a data directory, which belong together.
pub(crate) struct OnDisk {
    pub(crate) store: Store,
    pub(crate) authorities: Arc<Authorities>,
    pub(crate) key_pool: KeyPool,
    pub(crate) sealing: Arc<Sealing>,
    /// Passes on every change of the store.
    pub(crate) changes: Arc<Changes>,
    /// Events of the registry that are to be published.
    pub(crate) events: Waiting,
}

impl OnDisk {
    /// Opens every part, and compares the clock with what they remember.
    pub(crate) async fn open(
        settings: &Settings,
        dir: &DataDir,
        admitted: &Admitted,
    ) -> Result<Self, StartError> {
        admitted.mark(dir).map_err(StartError::new)?;
        let authorities = Arc::new(Authorities::open(dir, settings.validity)?);
        let capacity = settings.provisioning.key_pool_capacity;
        let key_pool = KeyPool::open(&dir.join("key-pool"), capacity).map_err(StartError::new)?;
        let sealing = Arc::new(Sealing::open_or_make(dir).map_err(StartError::new)?);
        let (sender, events) = Events::new(settings.scope.clone());
        let changes = Arc::new(Changes::new(sender));
        let store = open_store(settings, dir, &changes)?;
        let id = installation::found(admitted, dir, &store, &sealing).await?;
        if admitted.scope.is_none() {
            store.keep_scope(settings.scope.clone()).await.map_err(StartError::new)?;
        }
        admitted.finish(dir).map_err(StartError::new)?;
        tracing::info!(installation = %id, "the data directory's parts belong together");
        trust_clock(settings, &store, &authorities).await?;
        twins::find(&store).await?;
        Ok(Self { store, authorities, key_pool, sealing, changes, events })
    }
}

fn open_store(
    settings: &Settings,
    dir: &DataDir,
    changes: &Arc<Changes>,
) -> Result<Store, StartError> {
    let path = dir.join(DATABASE);
    let changes = Arc::clone(changes);
    let sink = Arc::new(move |change: &Change| changes.on_change(change));
    Store::open(&path.to_string_lossy(), settings.scope.clone(), sink).map_err(StartError::new)
}

/// Compares the wall clock with the time that was noted last, and with the authorities.
async fn trust_clock(
    settings: &Settings,
    store: &Store,
    authorities: &Authorities,
) -> Result<(), StartError> {
    let known = store.installation().await.map_err(StartError::new)?;
    let now = clock::now();
    let last_seen = known.map_or(now, |known| known.last_seen);
    let vouched = settings.accept_clock_until;
    clock::trust(clock::TrustedClock::since(last_seen, clock::monotonic_millis(), vouched));
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
