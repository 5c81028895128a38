//! `[functions]`: how Lambda functions run on this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How functions run.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Functions {
    /// How much a function's process is kept from.
    pub containment: Containment,
    /// Workers of all functions, 1 to 500; each is a process with the function's memory.
    pub max_workers: usize,
    /// Workers of one function, at most `max-workers`.
    pub max_workers_per_function: usize,
    /// Seconds that a worker waits for its next event before it is ended, 1 to 3600.
    pub idle_seconds: u64,
    /// MiB of `/tmp` of a worker. It is memory.
    pub tmp_mib: u64,
    /// When the server runs as root, workers run as this user and the ones that follow it, one
    /// for each worker.
    pub first_user: u32,
    /// Where the runtime interface clients are; otherwise in the data directory, where
    /// `fleetwright function install-runtime` puts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub runtimes_dir: Option<PathBuf>,
    /// Programs by runtime name, such as `"python3.12" = "/usr/bin/python3.12"`; otherwise they
    /// are looked for in `PATH`.
    pub interpreters: BTreeMap<String, PathBuf>,
}

/// How much a function's process is kept from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Containment {
    /// Namespaces, a file system of its own, an unprivileged user, limits. A machine that does
    /// not allow this runs no functions.
    #[default]
    Full,
    /// A process with limits and nothing else: it sees what the server's user sees.
    Limits,
}

pub(super) const KEYS: &[&str] = &[
    "containment",
    "max-workers",
    "max-workers-per-function",
    "idle-seconds",
    "tmp-mib",
    "first-user",
    "runtimes-dir",
    "interpreters",
];

impl Default for Functions {
    fn default() -> Self {
        Self {
            containment: Containment::Full,
            max_workers: 16,
            max_workers_per_function: 8,
            idle_seconds: 600,
            tmp_mib: 64,
            first_user: 60_578,
            runtimes_dir: None,
            interpreters: BTreeMap::new(),
        }
    }
}

impl Functions {
    /// Checks what has bounds.
    ///
    /// # Errors
    /// A sentence that names the key, the value and its bounds.
    pub(super) fn check(&self) -> Result<(), String> {
        for (key, value, most) in [
            ("max-workers", self.max_workers, 500),
            ("max-workers-per-function", self.max_workers_per_function, self.max_workers),
        ] {
            if !(1..=most).contains(&value) {
                return Err(format!("[functions] {key} {value} is not within 1 to {most}"));
            }
        }
        if !(1..=10_240).contains(&self.tmp_mib) {
            let tmp = self.tmp_mib;
            return Err(format!("[functions] tmp-mib {tmp} is not within 1 to 10240"));
        }
        if !(1..=3600).contains(&self.idle_seconds) {
            let idle = self.idle_seconds;
            return Err(format!("[functions] idle-seconds {idle} is not within 1 to 3600"));
        }
        if !(1000..=2_000_000_000).contains(&self.first_user) {
            return Err(format!(
                "[functions] first-user {} is not within 1000 to 2000000000",
                self.first_user
            ));
        }
        Ok(())
    }
}
