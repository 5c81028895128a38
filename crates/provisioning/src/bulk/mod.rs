//! Bulk registration: a file of parameters, one line a thing, carried out in the background.
//!
//! The input is copied into the data directory first, so that a restart goes on with the very same
//! lines. A line's outcome is written in the transaction that registers it: whatever stops the
//! server, no line is registered twice and none is left out.

mod directory;
mod document;
mod input;
mod line;
mod order;
mod reports;
mod s3;
pub mod settings;
mod work;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use arc_swap::ArcSwap;
pub use document::ToPresign;
use fleetwright_core::arn::AccountScope;
use fleetwright_host::sealing::Sealing;
use fleetwright_store::{RegistrationTask, Store, StoreError, TaskStatus, Uuid};
pub use reports::Report;
use tokio::sync::Notify;

use crate::Provisioning;

/// Bytes of an input file. (ours)
const INPUT_BYTES: u64 = 1024 * 1024 * 1024;

/// Carries out registration tasks, one after the other, and gives out their reports.
pub struct Bulk {
    scope: AccountScope,
    store: Store,
    provisioning: Arc<Provisioning>,
    sealing: Arc<Sealing>,
    sources: ArcSwap<Sources>,
    /// Where inputs are copied to.
    copies: PathBuf,
    wake: Notify,
}

/// Why a task cannot go on; `Display` is the task's message, fit for its owner.
#[derive(Debug)]
struct TaskFailure {
    message: String,
    /// It is the server's own trouble and may pass: the task goes on later.
    may_pass: bool,
}

impl TaskFailure {
    fn new(what: impl fmt::Display) -> Self {
        Self { message: what.to_string(), may_pass: false }
    }

    /// Of the server's own disk or registry.
    fn for_now(what: impl fmt::Display) -> Self {
        Self { message: what.to_string(), may_pass: true }
    }
}

impl fmt::Display for TaskFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<StoreError> for TaskFailure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::for_now(error),
            _ => Self::new(error),
        }
    }
}

/// The input's copy cannot be kept in the data directory.
fn kept(path: &Path, error: &io::Error) -> TaskFailure {
    TaskFailure::for_now(format_args!(
        "The server cannot keep a copy of the input at {}: {error}.",
        path.display()
    ))
}

/// Where input comes from.
struct Sources {
    settings: settings::Bulk,
    tls: Arc<rustls::ClientConfig>,
}

impl Bulk {
    /// Wires the parts; `copies` is a directory of the data directory.
    pub fn new(
        scope: AccountScope,
        store: Store,
        provisioning: Arc<Provisioning>,
        sealing: Arc<Sealing>,
        settings: settings::Bulk,
        tls: Arc<rustls::ClientConfig>,
        copies: PathBuf,
    ) -> Arc<Self> {
        let wake = Notify::new();
        let sources = ArcSwap::from_pointee(Sources { settings, tls });
        Arc::new(Self { scope, store, provisioning, sealing, sources, copies, wake })
    }

    /// Where input comes from, from now on.
    pub fn reload(&self, settings: settings::Bulk, tls: Arc<rustls::ClientConfig>) {
        self.sources.store(Arc::new(Sources { settings, tls }));
    }

    /// A task was started or stopped.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    fn copy_of(&self, task: &RegistrationTask) -> PathBuf {
        self.copies.join(format!("{}.jsonl", task.asked.id))
    }

    /// Removes copies that no task will read any more: they hold devices' parameters.
    async fn remove_left_overs(&self) {
        let Ok(entries) = std::fs::read_dir(&self.copies) else { return };
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            let stem = path.file_stem().and_then(|stem| stem.to_str()).and_then(Uuid::parse);
            let is_whole = path.extension().is_some_and(|extension| extension == "jsonl");
            let is_needed = match stem {
                Some(id) if is_whole => match self.store.registration_task(id).await {
                    Ok(task) => task.is_some_and(|task| task.status == TaskStatus::InProgress),
                    Err(_) => true,
                },
                _ => false,
            };
            if !is_needed && let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(file = %path.display(), %error, "a task's input cannot be removed");
            }
        }
    }

    /// Copies the input of a task, unless it was copied before.
    async fn fetch(&self, task: &RegistrationTask) -> Result<(), TaskFailure> {
        let copy = self.copy_of(task);
        if copy.exists() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.copies).map_err(|error| kept(&self.copies, &error))?;
        let (bucket, key) = (task.asked.bucket.as_str(), task.asked.key.as_str());
        let sources = self.sources.load_full();
        let Sources { settings, tls } = &*sources;
        let directory = settings.directory.as_deref().map(|root| root.join(bucket));
        match (directory.filter(|found| found.is_dir()), &settings.s3_endpoint) {
            (Some(_), _) => {
                let root = settings.directory.clone().unwrap_or_default();
                directory::fetch(root, bucket, key, copy).await
            }
            (None, Some(endpoint)) => s3::fetch(settings, endpoint, tls, (bucket, key), copy).await,
            (None, None) => Err(TaskFailure::new(format_args!(
                "There is no bucket '{bucket}': the server's configuration has neither a \
                 directory of that name under [bulk] directory nor a [bulk] s3-endpoint."
            ))),
        }
    }
}
