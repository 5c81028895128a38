//! The parts of a data directory know one another: each carries the installation's id. A start
//! looks at all of them before it changes any, and goes on only when they fit.

mod found;
mod standing;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;

use fleetwright_ca::{Authority, AuthorityError, AuthorityNames};
use fleetwright_core::arn::Home;
use fleetwright_core::certificate::Instant;
use fleetwright_store::{Installation, InstallationId, OpenError, Store};

use crate::data_dir::{DataDir, DataDirError};
use crate::sealing::{Sealing, SealingError};
use crate::{clock, credentials, random};
use found::{FIRST_START, MARK};
pub(crate) use standing::Standing;

/// What the check value in the registry is sealed for.
const PURPOSE: &str = "the id of the installation";

/// The start is refused; nothing was changed.
#[derive(Debug)]
pub(crate) enum NotOurs {
    /// A part cannot be read.
    Directory(DataDirError),
    /// The registry cannot be read.
    Registry(OpenError),
    /// The authority cannot be opened.
    Authority(AuthorityError),
    /// The parts do not fit.
    Mismatch {
        /// The data directory.
        directory: PathBuf,
        /// What does not fit, and the way out.
        reason: String,
    },
    /// The system gives no random bytes.
    NoRandomness,
}

impl fmt::Display for NotOurs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Directory(error) => write!(f, "{error}"),
            Self::Registry(error) => write!(f, "{error}"),
            Self::Authority(error) => write!(f, "{error}"),
            Self::Mismatch { directory, reason } => {
                write!(f, "{}: {reason} Nothing was changed.", directory.display())
            }
            Self::NoRandomness => f.write_str("the system gives no random bytes"),
        }
    }
}

impl std::error::Error for NotOurs {}

impl From<DataDirError> for NotOurs {
    fn from(error: DataDirError) -> Self {
        Self::Directory(error)
    }
}

/// An installation whose parts fit, or that is being founded.
#[derive(Debug)]
pub(crate) struct Admitted {
    pub(crate) id: InstallationId,
    pub(crate) standing: Standing,
}

/// Looks at every part and changes nothing.
///
/// # Errors
/// When a part is missing beside others, is another installation's, or cannot be read.
pub(crate) fn admit(dir: &DataDir, home: &Home) -> Result<Admitted, NotOurs> {
    let registry = dir.join(crate::data_dir::DATABASE);
    let inspection =
        Store::inspect(&registry.to_string_lossy(), home).map_err(NotOurs::Registry)?;
    let found = found::look(dir, inspection.as_ref())?;
    let mismatch = |reason| NotOurs::Mismatch { directory: dir.join(""), reason };
    let standing = standing::decide(&found).map_err(mismatch)?;
    // The key has no room for an id: it shows itself by opening what was sealed with it.
    if let (Some(inspection), Some(key)) = (&inspection, Sealing::read(dir)?) {
        let opens = match (&inspection.installation, &inspection.sealed) {
            (Some(known), _) => key.open_sealed(PURPOSE, &known.key_check).map(|_| ()),
            (None, Some((id, sealed))) => credentials::opens(&key, id, sealed),
            (None, None) => Ok(()),
        };
        opens.map_err(|SealingError| mismatch(standing::FOREIGN_KEY.to_owned()))?;
    }
    if matches!(standing, Standing::Whole(_) | Standing::WithoutId { .. }) {
        let names = AuthorityNames::default();
        Authority::create_or_open(&dir.join("ca"), &names, clock::now())
            .map_err(NotOurs::Authority)?;
    }
    let id = match standing.id() {
        Some(id) => id,
        None => InstallationId(random::uuid().map_err(|_| NotOurs::NoRandomness)?),
    };
    Ok(Admitted { id, standing })
}

/// What the parts come to, in words, or why they do not fit; nothing is changed.
pub(crate) fn describe(
    dir: &DataDir,
    inspection: Option<&fleetwright_store::Inspection>,
) -> Result<String, String> {
    let found = found::look(dir, inspection).map_err(|error| error.to_string())?;
    Ok(match standing::decide(&found)? {
        Standing::New => "an empty directory: the first start makes everything".to_owned(),
        Standing::Begun(_) => "a first start that was cut off: the next one finishes it".to_owned(),
        Standing::WithoutId { .. } => {
            "of before there were ids: the next start gives one".to_owned()
        }
        Standing::Whole(id) => format!("all are of installation {id}"),
    })
}

/// Whether what a registry keeps of its installation was sealed with a key.
pub(crate) fn is_sealed_with(key: &Sealing, known: &Installation) -> bool {
    key.open_sealed(PURPOSE, &known.key_check).is_ok()
}

impl Admitted {
    /// Marks what has no mark yet, and makes what is a mere cache. The registry is told last, by
    /// [`Admitted::record`]: until then a start that is cut off is done again.
    pub(crate) fn mark(&self, dir: &DataDir) -> Result<(), DataDirError> {
        let id = format!("{}\n", self.id);
        if matches!(self.standing, Standing::New) {
            dir.write(FIRST_START, 0o600, id.as_bytes())?;
        }
        for part in found::MARKED {
            dir.make_dir(part)?;
            dir.write_if_other(&format!("{part}/{MARK}"), 0o600, id.as_bytes())?;
        }
        Ok(())
    }

    /// What the registry keeps of the installation.
    pub(crate) fn record(
        &self,
        sealing: &Sealing,
        now: Instant,
        last_seen: Instant,
    ) -> Result<Installation, SealingError> {
        let key_check = sealing.seal(PURPOSE, self.id.to_string().as_bytes())?;
        Ok(Installation { id: self.id, key_check, founded: now, last_seen })
    }

    /// The first start is done: from now on nothing that is missing is made anew.
    pub(crate) fn finish(&self, dir: &DataDir) -> Result<(), DataDirError> {
        dir.remove(FIRST_START)
    }
}
