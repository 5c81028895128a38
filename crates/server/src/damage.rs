//! Damage to the data directory while the server runs.

use std::time::Duration;

use fleetwright_host::data_dir::{self, DataDir};
use fleetwright_host::{StartError, idle_time};
use fleetwright_store::Store;

/// How often the data directory is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Rest between two pieces of the search for damage, each of a few milliseconds.
const CHECK_PAUSE: Duration = Duration::from_millis(10);

/// Completes with the reason when the data directory, or the registry in it, was removed.
pub(crate) async fn removed(dir: &DataDir, store: &Store) -> String {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let is_gone = dir.is_gone();
        if is_gone || (!dir.join(data_dir::DATABASE).exists() && store.stopped().is_some()) {
            let what = format!(
                "{}, or its lock or registry, was removed or replaced while the server ran: nothing \
                 is written any more, and the server ends. Put back what is missing, from where it \
                 was moved to or from a backup",
                dir.join("").display()
            );
            tracing::error!("{what}");
            return what;
        }
    }
}

/// Looks for damage in the registry's pages once, beside everything else.
pub(crate) fn check_pages(store: Store) -> Result<(), StartError> {
    let check = move || match store.check_pages(CHECK_PAUSE) {
        Ok(()) if store.stopped().is_none() => {
            tracing::debug!("the registry's pages are sound")
        }
        Ok(()) => {}
        Err(error) => tracing::warn!(%error, "the registry's pages cannot be checked"),
    };
    idle_time::spawn("page-check", check).map_err(StartError::new)
}
