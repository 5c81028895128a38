//! Whether the files of a backup make an installation.

use std::path::Path;

use fleetwright_access::access_keys;
use fleetwright_host::sealing::{self, Sealing};
use fleetwright_store::{Examination, Store};

use super::{BackupError, any_scope};
use crate::parts;

/// What an installation cannot be without.
pub(super) const NEEDED: [&str; 4] =
    ["sealing.key", "ca/root.pem", "ca/issuing.key", "ca/issuing.pem"];

/// Whether [`check`] looks at a file.
pub(super) fn is_checked(name: &str) -> bool {
    name.starts_with("ca/") || name == sealing::FILE
}

/// Reads the whole registry.
pub(super) fn examine(database: &Path) -> Result<Examination, BackupError> {
    let mut packages = 0;
    let examined =
        Store::examine(&database.to_string_lossy(), &any_scope()?, &mut |_, _| packages += 1)
            .map_err(BackupError::new)?;
    match examined.faults.first() {
        None => Ok(examined),
        Some(fault) => Err(BackupError(format!(
            "the registry is damaged: {fault}. `fleetwright doctor` says more; restore an earlier \
             backup, or ask for help before anything else is written"
        ))),
    }
}

/// Checks that files which lie in `dir`, and the registry that was examined, belong together.
pub(super) fn check(dir: &Path, examined: &Examination) -> Result<(), BackupError> {
    let read = |name: &str| {
        let path = dir.join(name);
        std::fs::read(&path).map_err(|error| BackupError::io("read", &path, &error))
    };
    for name in NEEDED {
        if !dir.join(name).is_file() {
            return Err(BackupError(format!("{name} is missing: this is no whole installation")));
        }
    }
    if let Some(known) = &examined.installation {
        let mark = read("ca/installation")?;
        if mark.trim_ascii() != known.id.to_string().as_bytes() {
            return Err(BackupError::new("ca/ and the registry are of two installations"));
        }
    }
    let key = Sealing::of_key(&read(sealing::FILE)?)
        .ok_or_else(|| BackupError::new("sealing.key is damaged"))?;
    let opens = match (&examined.installation, &examined.sealed) {
        (Some(known), _) => parts::is_sealed_with(&key, known),
        (None, Some((id, sealed))) => access_keys::opens(&key, id, sealed).is_ok(),
        (None, None) => true,
    };
    if !opens {
        return Err(BackupError::new("sealing.key does not open what the registry has sealed"));
    }
    for ca in [dir.join("ca"), dir.join("ca/rsa")] {
        if !ca.is_dir() {
            // Directories of before there were two have one.
            continue;
        }
        let report = fleetwright_ca::report(&ca).map_err(BackupError::new)?;
        if !report.is_chain {
            return Err(BackupError(format!(
                "{}: issuing.pem is not signed by root.pem",
                ca.display()
            )));
        }
    }
    Ok(())
}
