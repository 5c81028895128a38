//! `[functions]`: how Lambda functions run on this machine.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fleetwright_core::configuration::{Conflict, Key, Takes};
use fleetwright_core::function::Runtime;
use fleetwright_host::named_files;
use serde::{Deserialize, Serialize};

use crate::endpoints::Endpoints;

/// How functions run.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// How a function's process is contained.
    pub containment: Containment,
    /// Workers of all functions, 1 to 500; each is a process with the function's memory.
    pub max_workers: usize,
    /// Workers of one function, at most `max-workers`.
    pub max_workers_per_function: usize,
    /// Seconds that a worker waits for its next event before it is ended, 1 to 3600.
    pub idle_seconds: u64,
    /// MiB of `/tmp` of a worker. It is memory.
    pub tmp_mib: u64,
    /// A control group of the machine that is this server's to make others in; otherwise its own
    /// of version 2, where that was given to it. Of version 1, that of the controller `memory`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cgroup: Option<PathBuf>,
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
    /// URLs of other AWS services by their ids, such as `dynamodb = "http://127.0.0.1:8000"`: every
    /// function has them as `AWS_ENDPOINT_URL_…`, unless its own environment says otherwise.
    pub endpoints: Endpoints,
}

/// How a function's process is contained.
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

impl Settings {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        Key::new("containment", Takes::OneOf(&["full", "limits"])),
        Key::new("max-workers", Takes::Number(1, 500)),
        Key::new("max-workers-per-function", Takes::Number(1, 500)),
        Key::new("idle-seconds", Takes::Number(1, 3600)),
        Key::new("tmp-mib", Takes::Number(1, 10_240)),
        Key::new("cgroup", Takes::File(named_files::directory)),
        Key::new("first-user", Takes::Number(1000, 2_000_000_000)),
        Key::new("runtimes-dir", Takes::File(named_files::directory)),
        Key::new("interpreters", Takes::Each(runtime, &Takes::File(named_files::program))),
        Key::new("endpoints", Endpoints::TAKES),
    ];
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            containment: Containment::Full,
            max_workers: 16,
            max_workers_per_function: 8,
            idle_seconds: 600,
            tmp_mib: 64,
            cgroup: None,
            first_user: 60_578,
            runtimes_dir: None,
            interpreters: BTreeMap::new(),
            endpoints: Endpoints::default(),
        }
    }
}

impl Settings {
    /// What cannot be used together.
    pub fn conflict(&self) -> Option<Conflict> {
        let most = self.max_workers;
        (self.max_workers_per_function > most).then(|| Conflict {
            key: "functions.max-workers-per-function",
            why: format!("it is more than max-workers, which is {most}"),
        })
    }
}

fn runtime(name: &str) -> Result<(), String> {
    let offered = || Runtime::all().map(Runtime::as_str).collect::<Vec<_>>().join(", ");
    Runtime::parse(name).map(|_| ()).map_err(|_| format!("one of {}", offered()))
}
