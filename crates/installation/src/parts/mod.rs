//! The parts of a data directory know one another: each carries the installation's id. A start
//! looks at all of them before it changes any, and goes on only when they fit.

mod inventory;
mod state;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use fleetwright_access::access_keys;
use fleetwright_ca::{Authority, AuthorityError, AuthorityNames};
use fleetwright_core::arn::AccountScope;
use fleetwright_core::time::Timestamp;
use fleetwright_host::data_dir::{DataDir, DataDirError};
use fleetwright_host::sealing::{Sealing, SealingError};
use fleetwright_host::{clock, random};
use fleetwright_store::{Installation, InstallationId, OpenError, Store};
use inventory::{FIRST_START, MARK};
pub use state::State;

/// What the check value in the registry is sealed for.
const PURPOSE: &str = "the id of the installation";

/// The start is refused; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// A part cannot be read.
    #[error("{0}")]
    Directory(#[from] DataDirError),
    /// The registry cannot be read.
    #[error("{0}")]
    Registry(OpenError),
    /// The authority cannot be opened.
    #[error("{0}")]
    Authority(AuthorityError),
    /// The parts do not fit.
    #[error("{}: {reason} Nothing was changed.", directory.display())]
    Mismatch {
        /// The data directory.
        directory: PathBuf,
        /// What does not fit, and the way out.
        reason: String,
    },
    /// The system gives no random bytes.
    #[error("the system gives no random bytes")]
    NoRandomness,
}

/// An installation whose parts fit, or that is being founded.
#[derive(Debug)]
pub struct Admitted {
    /// Its id, found or new.
    pub id: InstallationId,
    /// The state of its parts.
    pub state: State,
    /// Account and region that it was made for; `None` when none was recorded.
    pub scope: Option<AccountScope>,
}

/// Looks at every part and changes nothing; the authority must be one that a server can start with.
///
/// # Errors
/// When a part is missing beside others, is another installation's, or cannot be read.
pub fn admit(dir: &DataDir, scope: &AccountScope) -> Result<Admitted, PartsError> {
    let admitted = look(dir, scope)?;
    if matches!(admitted.state, State::Whole(_) | State::WithoutId { .. }) {
        let names = AuthorityNames::default();
        let now = clock::now();
        let authority = Authority::create_or_open(&dir.join("ca"), &names, now);
        authority
            .and_then(|authority| authority.check_server_file(now))
            .map_err(PartsError::Authority)?;
    }
    Ok(admitted)
}

/// Looks at every part, at the authority for its files only: it may be what is to be replaced.
pub(crate) fn look(dir: &DataDir, scope: &AccountScope) -> Result<Admitted, PartsError> {
    let registry = dir.join(fleetwright_host::data_dir::DATABASE);
    let inspection =
        Store::inspect(&registry.to_string_lossy(), scope).map_err(PartsError::Registry)?;
    let inventory = inventory::take(dir, inspection.as_ref())?;
    let mismatch = |reason| PartsError::Mismatch { directory: dir.join(""), reason };
    let state = state::decide(&inventory).map_err(mismatch)?;
    // The key has no room for an id: it shows itself by opening what was sealed with it.
    if let (Some(inspection), Some(key)) = (&inspection, Sealing::read(dir)?) {
        let opens = match (&inspection.installation, &inspection.sealed) {
            (Some(known), _) => key.open_sealed(PURPOSE, &known.key_check).map(|_| ()),
            (None, Some((id, sealed))) => access_keys::opens(&key, id, sealed),
            (None, None) => Ok(()),
        };
        opens.map_err(|SealingError| mismatch(state::FOREIGN_KEY.to_owned()))?;
    }
    let id = match state.id() {
        Some(id) => id,
        None => InstallationId(random::uuid().map_err(|_| PartsError::NoRandomness)?),
    };
    let scope = inspection.and_then(|inspection| inspection.scope);
    Ok(Admitted { id, state, scope })
}

/// Describes the state of the parts, or why they do not fit; nothing is changed.
pub(crate) fn describe(
    dir: &DataDir,
    inspection: Option<&fleetwright_store::Inspection>,
) -> Result<String, String> {
    let inventory = inventory::take(dir, inspection).map_err(|error| error.to_string())?;
    Ok(match state::decide(&inventory)? {
        State::New => "an empty directory: the first start makes everything".to_owned(),
        State::Begun(_) => "a first start that was cut off: the next one finishes it".to_owned(),
        State::WithoutId { .. } => "of before there were ids: the next start gives one".to_owned(),
        State::Whole(id) => format!("all are of installation {id}"),
    })
}

/// Whether what a registry keeps of its installation was sealed with a key.
pub(crate) fn is_sealed_with(key: &Sealing, known: &Installation) -> bool {
    key.open_sealed(PURPOSE, &known.key_check).is_ok()
}

impl Admitted {
    /// Whether the installation was made for this account and region.
    ///
    /// # Errors
    /// It was made for others, which its ARNs name; nothing was changed.
    pub fn check_scope(&self, dir: &DataDir, given: &AccountScope) -> Result<(), PartsError> {
        let Some(made_for) = self.scope.as_ref().filter(|made_for| *made_for != given) else {
            return Ok(());
        };
        let AccountScope { account, region } = made_for;
        Err(PartsError::Mismatch {
            directory: dir.join(""),
            reason: format!(
                "it was made for account {account} and region {region}, which its policies, roles \
                 and devices name in their ARNs, and this server is to be account {} and region {}. \
                 Start it with --account {account} --region {region} (keys account and region of the \
                 file), or give this account and region a directory of their own with --data-dir.",
                given.account, given.region,
            ),
        })
    }

    /// Marks what has no mark yet, and makes what is a mere cache. The registry is marked last, by
    /// [`Admitted::record`]: until then a start that is cut off is done again.
    pub fn mark(&self, dir: &DataDir) -> Result<(), DataDirError> {
        let id = format!("{}\n", self.id);
        if matches!(self.state, State::New) {
            dir.write(FIRST_START, 0o600, id.as_bytes())?;
        }
        for part in inventory::MARKED {
            dir.make_dir(part)?;
            dir.write_if_other(&format!("{part}/{MARK}"), 0o600, id.as_bytes())?;
        }
        Ok(())
    }

    /// What the registry keeps of the installation.
    pub fn record(
        &self,
        sealing: &Sealing,
        now: Timestamp,
        last_seen: Timestamp,
    ) -> Result<Installation, SealingError> {
        let key_check = sealing.seal(PURPOSE, self.id.to_string().as_bytes())?;
        Ok(Installation { id: self.id, key_check, founded: now, last_seen })
    }

    /// The first start is done: from now on nothing that is missing is made anew.
    pub fn finish(&self, dir: &DataDir) -> Result<(), DataDirError> {
        dir.remove(FIRST_START)
    }
}
