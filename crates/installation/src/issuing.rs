//! `fleetwright ca`: issuing CAs and roots of the administrator's own, offline.

use std::path::Path;

use fleetwright_ca::OwnKeys;
pub use fleetwright_ca::{
    Ending, Import, Imported, IssuingRequest, Overview, Shown, ShownPrevious, days_left,
};
use fleetwright_core::time::Timestamp;
use fleetwright_host::data_dir::{DataDir, DataDirError};
use fleetwright_host::{StartError, clock};

use crate::authorities::{Authorities, ECDSA_DIRECTORY, RSA_DIRECTORY};
use crate::backup::any_scope;
use crate::parts;

/// One of the two authorities of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// It issues for devices and for the server.
    Ecdsa,
    /// It issues for the server alone, for clients that verify RSA only.
    Rsa,
}

impl Which {
    /// Its directory in the data directory.
    #[must_use]
    pub fn directory(self) -> &'static str {
        match self {
            Self::Ecdsa => ECDSA_DIRECTORY,
            Self::Rsa => RSA_DIRECTORY,
        }
    }

    /// The keys that it makes for itself.
    fn keys(self) -> OwnKeys {
        match self {
            Self::Ecdsa => OwnKeys::P256,
            Self::Rsa => OwnKeys::Rsa2048,
        }
    }
}

/// Makes both authorities with roots of their own, as the first start does, unless they are there.
///
/// # Errors
/// When a server runs on the directory, its parts do not fit, or the disk refuses.
pub fn make_authorities(data_dir: &Path) -> Result<(), StartError> {
    let dir = take(data_dir)?;
    Authorities::open(&dir, None).map(|_| ())
}

/// Makes a key and a request for an issuing CA; a running server is not disturbed. A directory that
/// does not exist becomes the beginning of an installation.
///
/// # Errors
/// When the parts of the directory do not fit, the name cannot stand in a certificate, or the disk
/// refuses.
pub fn request(data_dir: &Path, which: Which, name: &str) -> Result<IssuingRequest, StartError> {
    let dir = match take(data_dir) {
        Ok(dir) => dir,
        // Its server has it, and looks at what waits only when it starts.
        Err(TakeError::InUse) => DataDir::beside(data_dir).map_err(StartError::new)?,
        Err(TakeError::Other(error)) => return Err(error),
    };
    let ca = dir.join(which.directory());
    fleetwright_ca::request_issuing(&ca, name, which.keys()).map_err(StartError::new)
}

/// Checks an issuing CA with its chain, and has it sign from the next start on.
///
/// # Errors
/// When a server runs on the directory, its parts do not fit, or the chain is refused.
pub fn import(data_dir: &Path, which: Which, given: Import<'_>) -> Result<Imported, StartError> {
    let dir = take(data_dir)?;
    let ca = dir.join(which.directory());
    let imported = fleetwright_ca::import(&ca, given, clock::now()).map_err(StartError::new)?;
    write_roots(&dir)?;
    Ok(imported)
}

/// Ends the roll-over of a root; gives the subject of the root that is no longer trusted, if there
/// was one.
///
/// # Errors
/// When a server runs on the directory, its parts do not fit, or the disk refuses.
pub fn retire(data_dir: &Path, which: Which) -> Result<Option<String>, StartError> {
    let dir = take(data_dir)?;
    let ended = fleetwright_ca::retire(&dir.join(which.directory())).map_err(StartError::new)?;
    write_roots(&dir)?;
    Ok(ended)
}

/// What signs and what is trusted; nothing is changed, and a server may run.
///
/// # Errors
/// A file is missing or damaged.
pub fn overview(data_dir: &Path, which: Which) -> Result<Option<Overview>, StartError> {
    let ca = data_dir.join(which.directory());
    fleetwright_ca::overview(&ca, clock::now()).map_err(StartError::new)
}

/// The ends of the certificates of both authorities, each by its file and subject.
#[must_use]
pub fn ends(data_dir: &Path, now: Timestamp) -> Vec<(String, Timestamp)> {
    let mut ends = Vec::new();
    for which in [Which::Ecdsa, Which::Rsa] {
        let directory = which.directory();
        let Ok(Some(found)) = fleetwright_ca::overview(&data_dir.join(directory), now) else {
            continue;
        };
        // Those of a root that is no longer trusted are not logged.
        let previous = found.previous.filter(|it| it.is_trusted);
        let previous = previous.into_iter().flat_map(|it| [it.issuing, it.root]);
        for shown in found.signing.into_iter().chain([found.root]).chain(previous) {
            ends.push((format!("{directory}/{} ({})", shown.file, shown.subject), shown.not_after));
        }
    }
    ends
}

/// The copies for devices, where both authorities are there already.
fn write_roots(dir: &DataDir) -> Result<(), StartError> {
    if dir.join("root-ca.pem").exists() {
        Authorities::open(dir, None)?;
    }
    Ok(())
}

/// Why a directory cannot be had.
enum TakeError {
    /// A server runs on it.
    InUse,
    Other(StartError),
}

impl From<TakeError> for StartError {
    fn from(error: TakeError) -> Self {
        match error {
            TakeError::InUse => Self::new(
                "a server runs on the data directory: stop it, and start it again afterwards",
            ),
            TakeError::Other(error) => error,
        }
    }
}

/// The directory, ours alone; a new one is marked as the beginning of an installation.
fn take(data_dir: &Path) -> Result<DataDir, TakeError> {
    let other = |error: &dyn std::fmt::Display| TakeError::Other(StartError::new(error));
    let mut dir = DataDir::open(data_dir).map_err(|error| match error {
        DataDirError::InUse { .. } => TakeError::InUse,
        error => other(&error),
    })?;
    let scope = any_scope().map_err(|error| other(&error))?;
    let admitted = match parts::look(&dir, &scope) {
        Ok(admitted) => admitted,
        Err(error) => {
            dir.leave();
            return Err(other(&error));
        }
    };
    dir.take().map_err(|error| other(&error))?;
    if !matches!(admitted.state, parts::State::Whole(_)) {
        admitted.mark(&dir).map_err(|error| other(&error))?;
    }
    Ok(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_begins_an_installation_and_disturbs_no_server() {
        let temporary = tempfile::tempdir().unwrap();
        let data = temporary.path().join("data");
        assert!(request(&data, Which::Ecdsa, "Example IoT").unwrap().is_new_key);
        assert!(data.join("first-start").exists() && data.join("ca/next/issuing.key").exists());
        assert!(overview(&data, Which::Ecdsa).unwrap().is_none());
        let server = DataDir::open(&data).unwrap();
        assert!(!request(&data, Which::Ecdsa, "Example IoT").unwrap().is_new_key);
        for refused in [
            retire(&data, Which::Ecdsa).map(drop),
            make_authorities(&data),
            import(&data, Which::Rsa, Import { certificates: "", key: None, until: None })
                .map(drop),
        ] {
            assert!(refused.unwrap_err().to_string().contains("stop it"));
        }
        drop(server);
        make_authorities(&data).unwrap();
        let found = overview(&data, Which::Rsa).unwrap().unwrap();
        assert!(found.has_root_key && found.fault.is_none() && !found.is_waiting);
        assert!(overview(&data, Which::Ecdsa).unwrap().unwrap().is_waiting);
        let named: Vec<_> = ends(&data, clock::now()).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            named,
            [
                "ca/issuing.pem (CN=Fleetwright Issuing CA)",
                "ca/root.pem (CN=Fleetwright Root CA)",
                "ca/rsa/issuing.pem (CN=Fleetwright RSA Issuing CA)",
                "ca/rsa/root.pem (CN=Fleetwright RSA Root CA)",
            ]
        );
        assert_eq!(retire(&data, Which::Ecdsa).unwrap(), None);
    }

    #[test]
    fn what_is_no_installation_is_left_alone() {
        let temporary = tempfile::tempdir().unwrap();
        std::fs::create_dir(temporary.path().join("ca")).unwrap();
        std::fs::write(temporary.path().join("ca/root.pem"), "somebody's").unwrap();
        let refused = request(temporary.path(), Which::Ecdsa, "Example IoT").unwrap_err();
        assert!(refused.to_string().contains("this is no new installation"), "{refused}");
        assert!(!temporary.path().join("ca/next").exists());
        assert!(!temporary.path().join("lock").exists());
    }
}
