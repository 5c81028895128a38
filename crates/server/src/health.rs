//! What `/ready` looks at beside the registry, and what is compared when the server starts.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fleetwright_control::Examine;
use fleetwright_installation::doctor::{self, Finding, Severity};
use fleetwright_provisioning::issuance::Issuance;
use fleetwright_provisioning::keys::PoolLevel;
use parking_lot::Mutex;
use rustix::process::{Resource, getrlimit};

use crate::config::Settings;

/// How long what was found is answered again. (ours)
const FRESH: Duration = Duration::from_secs(1);

/// Logs every limit of this process or machine that is below what the configuration wants.
pub(crate) fn compare_limits(settings: &Settings) {
    let compared = doctor::compare_limits(settings.mqtt.max_connections, settings.mqtt.memory_mib);
    for Finding { check, severity, found, remedy } in compared {
        if severity != Severity::Ok {
            let remedy = remedy.unwrap_or_default();
            tracing::warn!(check, remedy, "{found}");
        }
    }
}

/// Disk, key pool and descriptors of the running server; looked at once in [`FRESH`] at most, for
/// anybody may ask.
pub(crate) fn examine(data_dir: PathBuf, issuance: Arc<Issuance>) -> Examine {
    let last: Mutex<Option<(Instant, Vec<Finding>)>> = Mutex::default();
    let look = move || -> Vec<Finding> {
        let disk = doctor::disk_of_server(&data_dir);
        let descriptors = open_files().map(|(open, allowed)| of_descriptors(open, allowed));
        [disk, Some(of_keys(&issuance.key_pool())), descriptors].into_iter().flatten().collect()
    };
    Box::new(move || {
        let mut last = last.lock();
        if let Some((at, found)) = &*last
            && at.elapsed() < FRESH
        {
            return found.clone();
        }
        let found = look();
        *last = Some((Instant::now(), found.clone()));
        found
    })
}

fn of_keys(level: &PoolLevel) -> Finding {
    let PoolLevel { ready, capacity, waiting } = *level;
    let found = format!("{ready} of {capacity} keys are ready, {waiting} requests wait for one");
    match ready {
        0 => Finding::warning(
            "key pool",
            found,
            "devices wait for a key of CreateKeysAndCertificate; those that send a CSR do not",
        ),
        _ => Finding::ok("key pool", found),
    }
}

/// Descriptors that are open, and how many may be.
pub(crate) fn open_files() -> Option<(u64, u64)> {
    let open = fs::read_dir("/proc/self/fd").ok()?.count();
    Some((u64::try_from(open).ok()?, getrlimit(Resource::Nofile).current?))
}

fn of_descriptors(open: u64, allowed: u64) -> Finding {
    let found = format!("{open} of {allowed} files that may be open are");
    let remedy = "raise LimitNOFILE= of the service, or lower [mqtt] max-connections";
    // A twentieth is what is left for the registry, functions and the next connections.
    match allowed.saturating_sub(open) {
        0 => Finding::error("descriptors", found, remedy),
        left if left < allowed / 20 => Finding::warning("descriptors", found, remedy),
        _ => Finding::ok("descriptors", found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_that_run_out_are_told() {
        let severity = |open| of_descriptors(open, 1000).severity;
        assert_eq!(severity(100), Severity::Ok);
        assert_eq!(severity(951), Severity::Warning);
        assert_eq!(severity(1000), Severity::Error);
    }

    #[test]
    fn an_empty_pool_is_a_warning() {
        let of = |ready| of_keys(&PoolLevel { ready, capacity: 4, waiting: 0 }).severity;
        assert_eq!((of(0), of(1)), (Severity::Warning, Severity::Ok));
    }
}
