//! SIGHUP: the configuration is read again, and what can change without a restart does.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use fleetwright_access::issuers::Issuers;
use fleetwright_control::ControlPlane;
use fleetwright_core::logging::LogLevel;
use fleetwright_functions::hooks::Hooks;
use fleetwright_host::clock;
use fleetwright_host::tls::{self, ServerCertificates};
use fleetwright_installation::audit;
use fleetwright_provisioning::Provisioning;
use fleetwright_provisioning::bulk::Bulk;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::config::{Configuration, Settings, Shown};
use crate::telemetry::Levels;

/// Keys and sections that take effect without a restart.
const RELOADED: &[&str] = &[
    "log",
    "claims",
    "control.requests-per-second",
    "control.burst",
    "control.requests-at-once",
    "bulk",
    "hooks.commands",
    "hooks.urls",
    "hooks.ca-file",
    "hooks.hmac-secret-file",
    "hooks.lambda-endpoints",
    "audit.records",
    "audit.days",
    "web-identity",
];

/// Signals that do not end the server.
pub(crate) struct Signals {
    hangup: Signal,
    user_defined_1: Signal,
    user_defined_2: Signal,
}

impl Signals {
    /// From now on they are caught.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            user_defined_1: signal(SignalKind::user_defined1())?,
            user_defined_2: signal(SignalKind::user_defined2())?,
        })
    }
}

/// The parts that a new configuration is given to.
pub(crate) struct Running {
    pub(crate) control: Arc<ControlPlane>,
    pub(crate) provisioning: Arc<Provisioning>,
    pub(crate) hooks: Arc<Hooks>,
    pub(crate) issuers: Arc<Issuers>,
    pub(crate) bulk: Arc<Bulk>,
    pub(crate) certificates: Arc<ServerCertificates>,
    pub(crate) retention: watch::Sender<audit::Settings>,
    pub(crate) levels: Levels,
    pub(crate) log_level: watch::Receiver<Option<LogLevel>>,
}

/// Acts on signals until the server ends.
pub(crate) async fn at_signals(
    mut signals: Signals,
    running: Running,
    mut configuration: Configuration,
) {
    let mut in_force = values(&configuration);
    let mut log_level = running.log_level.clone();
    if let Err(error) = running.set_levels(&configuration.settings) {
        tracing::error!("the level of the log cannot be set: {error}");
    }
    loop {
        tokio::select! {
            _ = signals.hangup.recv() => {}
            Ok(()) = log_level.changed() => {
                if let Err(error) = running.set_levels(&configuration.settings) {
                    tracing::error!("the level of the log cannot be set: {error}");
                }
                continue;
            }
            _ = signals.user_defined_1.recv() => {
                tracing::info!("SIGUSR1 means nothing here; SIGHUP reads the configuration again");
                continue;
            }
            _ = signals.user_defined_2.recv() => {
                tracing::info!("SIGUSR2 means nothing here; SIGHUP reads the configuration again");
                continue;
            }
        }
        // By themselves, whatever the configuration's state is: a pair that is bad stays as it was.
        running.certificates.reload(clock::now());
        // Files and names are looked up, which may take a while.
        let before = configuration.clone();
        let read = tokio::task::spawn_blocking(move || before.read_again()).await;
        let read = read.map_err(|error| error.to_string());
        let read = read.and_then(|read| read.map_err(|error| error.to_string()));
        let taken = read.and_then(|read| running.take(&read.settings).map(|()| read));
        match taken {
            Ok(read) => {
                tell(&mut in_force, values(&read));
                configuration = read;
            }
            Err(error) => tracing::error!(
                "SIGHUP: the configuration cannot be used, and the one before it stays: {error}"
            ),
        }
    }
}

impl Running {
    /// Takes what can change; all of it or nothing.
    fn take(&self, settings: &Settings) -> Result<(), String> {
        let hooks_tls = tls::client("hooks", settings.hooks.ca_file.as_deref())?;
        let issuers_tls = tls::client("web-identity", settings.web_identity.ca_file.as_deref())?;
        let hooks = Hooks::read(settings.hooks.clone(), Arc::clone(&hooks_tls))?;
        // The last that can fail; what follows takes what was read.
        self.set_levels(settings)?;
        self.hooks.take(hooks);
        self.issuers.reload(issuers_tls);
        self.bulk.reload(settings.bulk.clone(), hooks_tls);
        self.provisioning.reload(settings.claims.clone());
        self.control.admission.reload(&settings.control);
        self.retention.send_replace(settings.audit);
        Ok(())
    }
}

impl Running {
    /// The configured filter, and over it what operators set for devices.
    fn set_levels(&self, settings: &Settings) -> Result<(), String> {
        self.levels.set(&settings.log.with_devices(*self.log_level.borrow()))
    }
}

type InForce = BTreeMap<String, Shown>;

fn values(configuration: &Configuration) -> InForce {
    configuration.shown().into_iter().map(|shown| (shown.path.clone(), shown)).collect()
}

/// Whether a key takes effect without a restart.
fn is_reloaded(path: &str) -> bool {
    RELOADED.iter().any(|reloaded| {
        path.strip_prefix(reloaded).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    })
}

/// Logs what differs, and notes what is in force now.
fn tell(in_force: &mut InForce, read: InForce) {
    let gone = in_force.keys().filter(|path| !read.contains_key(*path));
    let paths: Vec<String> = gone.chain(read.keys()).cloned().collect();
    let (mut changed, mut waiting) = (0, 0);
    for path in paths {
        let (before, now) = (in_force.get(&path), read.get(&path));
        let (from, to) = (shown(before), shown(now));
        if from == to {
            continue;
        }
        let key = before.or(now).map(|shown| shown.key.clone()).unwrap_or_default();
        if !is_reloaded(&path) {
            waiting += 1;
            tracing::warn!(key, from, to, "SIGHUP: this takes effect at the next start only");
            continue;
        }
        changed += 1;
        tracing::info!(key, from, to, "SIGHUP: in force from now on");
        match now {
            Some(now) => in_force.insert(path, now.clone()),
            None => in_force.remove(&path),
        };
    }
    tracing::info!(
        changed,
        waiting,
        "SIGHUP: the configuration and the files that it names were read again"
    );
}

fn shown(value: Option<&Shown>) -> String {
    let value = value.and_then(|shown| shown.value.as_ref());
    value.map_or_else(|| "-".to_owned(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_and_single_keys_are_reloaded() {
        for path in [
            "log",
            "claims.expires",
            "claims.certificates.ab.expires",
            "control.burst",
            "hooks.urls",
            "hooks.commands.x",
            "web-identity.ca-file",
        ] {
            assert!(is_reloaded(path), "{path}");
        }
        for path in [
            "log-format",
            "account",
            "mqtt.max-connections",
            "control.max-waiting",
            "hooks.record-events",
            "audit.gather-millis",
        ] {
            assert!(!is_reloaded(path), "{path}");
        }
    }
}
