//! What a worker runs: one version of a function as it was when the worker began.

use std::collections::BTreeMap;
use std::time::Duration;

use fleetwright_core::function::{FunctionName, Runtime};
use fleetwright_core::names::RoleName;

/// A function's code and configuration, ready to run.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Revision {
    /// The function.
    pub(crate) name: FunctionName,
    /// `$LATEST` or a number.
    pub(crate) version: String,
    /// Changes with every change of the function.
    pub(crate) revision_id: String,
    /// What interprets the code.
    pub(crate) runtime: Runtime,
    /// Which part of the code is called.
    pub(crate) handler: String,
    /// Longest time of one invocation.
    pub(crate) timeout: Duration,
    /// MiB of memory.
    pub(crate) memory_mib: u32,
    /// The variables that its owner set; secrets.
    pub(crate) environment: BTreeMap<String, String>,
    /// SHA-256 of the code's zip file.
    pub(crate) code: [u8; 32],
    /// Whose rights it has.
    pub(crate) role: RoleName,
}

impl Revision {
    /// What its workers are kept by.
    pub(crate) fn key(&self) -> Key {
        Key {
            name: self.name.clone(),
            version: self.version.clone(),
            revision_id: self.revision_id.clone(),
        }
    }
}

/// Tells revisions apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) name: FunctionName,
    version: String,
    revision_id: String,
}
