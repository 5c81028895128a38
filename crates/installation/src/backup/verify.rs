//! Reading a backup whole, as a restore would, and leaving nothing behind.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use fleetwright_host::data_dir::DATABASE;

use super::manifest::{Manifest, Member};
use super::{BackupError, Progress, Scratch, archive, contents};

/// Checks every byte of a backup, the registry in it, and that its parts belong together. Needs
/// room for a copy beside the file.
///
/// # Errors
/// When it is not sound; the error names the member that is not.
pub fn verify(file: &Path, progress: Progress<'_>) -> Result<Manifest, BackupError> {
    let scratch = Scratch::beside(file, "checking")?;
    let manifest =
        archive::read(file, |_, member| extract(scratch.path(), &member.name, member), progress)?;
    progress("checking the registry", 0, 0);
    check(file, scratch.path(), &scratch.path().join(DATABASE), &manifest)?;
    Ok(manifest)
}

/// Checks what was taken out of a backup.
pub(super) fn check(
    file: &Path,
    dir: &Path,
    database: &Path,
    manifest: &Manifest,
) -> Result<(), BackupError> {
    let unsound = |what: &dyn std::fmt::Display| {
        BackupError(format!("{} is not a sound backup: {what}", file.display()))
    };
    let examined = contents::examine(database).map_err(|error| unsound(&error))?;
    let id = examined.installation.as_ref().map(|known| known.id.to_string());
    if id != manifest.installation || examined.schema != manifest.schema {
        return Err(unsound(&"its registry is not the one that its manifest describes"));
    }
    if examined.schema > examined.known_schema {
        return Err(BackupError(format!(
            "{} has schema {}, and this program knows {} at most: use fleetwright {} or newer",
            file.display(),
            examined.schema,
            examined.known_schema,
            manifest.version
        )));
    }
    contents::check(dir, &examined).map_err(|error| unsound(&error))
}

/// A file (mode 0600, but the root certificate's) at a place below a directory of our own.
pub(super) fn extract(
    dir: &Path,
    name: &str,
    member: &Member,
) -> Result<Box<dyn Write>, BackupError> {
    let path = dir.join(name);
    if let Some(parent) = path.parent() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(parent)
            .map_err(|error| BackupError::io("create the directory", parent, &error))?;
    }
    // Roots are for everybody; whatever else there is, is for the server alone.
    let is_public = member.name.starts_with("root-ca") && member.name.ends_with(".pem");
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(if is_public { 0o644 } else { 0o600 })
        .open(&path)
        .map_err(|error| BackupError::io("create", &path, &error))?;
    Ok(Box::new(file))
}
