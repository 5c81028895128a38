//! What a worker runs: one version of a function as it was when the worker began.

use std::collections::BTreeMap;
use std::time::Duration;

use fleetwright_core::error::Refusal;
use fleetwright_core::function::{FunctionName, Runtime};
use fleetwright_core::names::RoleName;
use fleetwright_host::sealing::{Sealing, SealingError};
use fleetwright_store::{FunctionRevision, FunctionVersionRow, Uuid};

/// What environments are sealed for.
const PURPOSE: &str = "environment of a function";

/// A function's code and configuration, ready to run.
pub(crate) struct Revision {
    /// The function.
    pub(crate) name: FunctionName,
    /// `$LATEST` or a number.
    pub(crate) version: String,
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
    /// The role's ARN.
    pub(crate) role_arn: String,
}

/// Tells revisions apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) name: FunctionName,
    row: FunctionVersionRow,
    revision: Uuid,
    /// A bound that changes without a revision.
    reserved: Option<u32>,
}

impl Key {
    /// The key of a stored revision.
    pub(super) fn of(stored: &FunctionRevision) -> Self {
        let FunctionRevision { name, row, revision, reserved, .. } = stored;
        Self { name: name.clone(), row: *row, revision: *revision, reserved: *reserved }
    }
}

impl Revision {
    /// Opens what is sealed of a stored revision.
    ///
    /// # Errors
    /// When its environment cannot be opened, or its role's ARN names none.
    pub(super) fn open(sealing: &Sealing, stored: FunctionRevision) -> Result<Self, Refusal> {
        let sealed = stored.environment.as_deref();
        let environment = sealed.map(|sealed| open_environment(sealing, sealed)).transpose()?;
        let role = stored.role_arn.rsplit('/').next().unwrap_or_default();
        Ok(Self {
            role: RoleName::parse(role).map_err(Refusal::internal)?,
            name: stored.name,
            version: stored.version.to_string(),
            runtime: stored.runtime,
            handler: stored.handler,
            timeout: Duration::from_secs(stored.seconds.into()),
            memory_mib: stored.memory,
            environment: environment.unwrap_or_default(),
            code: stored.code_sha256,
            role_arn: stored.role_arn,
        })
    }
}

/// Seals a function's variables for the registry.
///
/// # Errors
/// When the system gives no random bytes.
pub fn seal_environment(
    sealing: &Sealing,
    variables: &BTreeMap<String, String>,
) -> Result<Vec<u8>, SealingError> {
    let text = zeroize::Zeroizing::new(serde_json::to_vec(variables).map_err(|_| SealingError)?);
    sealing.seal(PURPOSE, &text)
}

/// A function's variables, from the registry.
///
/// # Errors
/// When they were sealed with another key.
pub fn open_environment(
    sealing: &Sealing,
    sealed: &[u8],
) -> Result<BTreeMap<String, String>, Refusal> {
    let text = sealing.open_sealed(PURPOSE, sealed).map_err(Refusal::internal)?;
    serde_json::from_slice(&zeroize::Zeroizing::new(text)).map_err(Refusal::internal)
}
