//! Bulk registration: a file of parameters, one line a thing, carried out in the background.
//!
//! The input is copied into the data directory first, so that a restart goes on with the very same
//! lines. A line's outcome is written in the transaction that registers it: whatever stops the
//! server, no line is registered twice and none is left out.

mod directory;
mod input;
mod line;
mod reports;
mod s3;
mod work;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use fleetwright_core::arn::Home;
use fleetwright_store::{RegistrationTask, Store};
use tokio::sync::Notify;

pub use reports::Report;

use crate::config;
use crate::provisioning::Provisioning;
use crate::sealing::Sealing;

/// Bytes of an input file. (ours)
const INPUT_BYTES: u64 = 1024 * 1024 * 1024;

/// Carries out registration tasks, one after the other, and gives out their reports.
pub struct Bulk {
    home: Home,
    store: Store,
    provisioning: Arc<Provisioning>,
    sealing: Arc<Sealing>,
    settings: config::Bulk,
    tls: Arc<rustls::ClientConfig>,
    /// Where inputs are copied to.
    copies: PathBuf,
    wake: Notify,
}

/// Why a task cannot go on; `Display` is the task's message, fit for its owner.
#[derive(Debug)]
struct TaskFailure(String);

impl TaskFailure {
    fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}

impl fmt::Display for TaskFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Bulk {
    /// Wires the parts; `copies` is a directory of the data directory.
    pub(crate) fn new(
        home: Home,
        store: Store,
        provisioning: Arc<Provisioning>,
        sealing: Arc<Sealing>,
        settings: config::Bulk,
        tls: Arc<rustls::ClientConfig>,
        copies: PathBuf,
    ) -> Arc<Self> {
        let wake = Notify::new();
        Arc::new(Self { home, store, provisioning, sealing, settings, tls, copies, wake })
    }

    /// A task was started or stopped.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    fn copy_of(&self, task: &RegistrationTask) -> PathBuf {
        self.copies.join(format!("{}.jsonl", task.asked.id))
    }

    /// Copies the input of a task, unless it was copied before.
    async fn fetch(&self, task: &RegistrationTask) -> Result<(), TaskFailure> {
        let copy = self.copy_of(task);
        if copy.exists() {
            return Ok(());
        }
        std::fs::create_dir_all(&self.copies).map_err(TaskFailure::new)?;
        let (bucket, key) = (task.asked.bucket.as_str(), task.asked.key.as_str());
        let directory = self.settings.directory.as_deref().map(|root| root.join(bucket));
        match (directory.filter(|found| found.is_dir()), &self.settings.s3_endpoint) {
            (Some(_), _) => {
                let root = self.settings.directory.clone().unwrap_or_default();
                directory::fetch(root, bucket, key, copy).await
            }
            (None, Some(endpoint)) => {
                s3::fetch(&self.settings, endpoint, &self.tls, (bucket, key), copy).await
            }
            (None, None) => Err(TaskFailure::new(format_args!(
                "There is no bucket '{bucket}': the server's configuration has neither a \
                 directory of that name under [bulk] directory nor a [bulk] s3-endpoint."
            ))),
        }
    }
}
