//! An installation from a backup, in an empty directory.

use std::fs::{self, File};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fleetwright_host::data_dir::{DATABASE, DataDir};
use fleetwright_store::{Change, Store};

use super::manifest::Manifest;
use super::{BackupError, Progress, any_scope, archive, parent, sync_dir, verify};
use crate::audit;

/// What the registry is called until everything else is in its place. Without a registry beside
/// its other parts no server starts.
const UNFINISHED: &str = "fleetwright.db.restoring";
/// What a directory may hold and be empty.
const NOTHING: [&str; 1] = ["lost+found"];

/// Makes a data directory from a backup. The directory must be missing or empty. The key pool is
/// empty, and the audit trail has a record of the restore. Cut anywhere, it leaves nothing that a
/// server would start on.
///
/// # Errors
/// When the file is not a sound backup, which is found out before anything is written; when the
/// directory is not empty, or the disk refuses.
pub async fn restore(
    file: &Path,
    data_dir: &Path,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    empty(data_dir)?;
    // 1. Every byte of it, before anything is written.
    archive::read(file, |_, _| Ok(Box::new(std::io::sink())), &mut *progress)?;
    let is_new = !data_dir.exists();
    begin(data_dir)?;
    let restored = match DataDir::open(data_dir) {
        Ok(mut dir) => put(&mut dir, file, progress).await,
        Err(error) => Err(BackupError::new(error)),
    };
    if restored.is_err() {
        clear(data_dir, is_new);
    }
    restored
}

/// From now on no server takes the directory for a place to begin a new installation.
fn begin(data_dir: &Path) -> Result<(), BackupError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data_dir)
        .map_err(|error| BackupError::io("create the data directory", data_dir, &error))?;
    let unfinished = data_dir.join(UNFINISHED);
    fs::OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(|error| BackupError::io("create", &unfinished, &error))?;
    sync_dir(data_dir)
}

async fn put(
    dir: &mut DataDir,
    file: &Path,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    let top = dir.join("");
    let unfinished = dir.join(UNFINISHED);
    dir.take().map_err(BackupError::new)?;
    // 2. Its files, the registry under another name.
    let manifest = archive::read(
        file,
        |_, member| {
            let name = if member.name == DATABASE { UNFINISHED } else { member.name.as_str() };
            verify::extract(&top, name, member)
        },
        &mut *progress,
    )?;
    progress("checking the registry", 0, 0);
    verify::check(file, &top, &unfinished, &manifest)?;
    note(&unfinished, &manifest).await?;
    // 3. All of it on the disk, then the registry in its place.
    sync_below(&top)?;
    let database = dir.join(DATABASE);
    fs::rename(&unfinished, &database)
        .map_err(|error| BackupError::io("write", &database, &error))?;
    sync_dir(&top)?;
    if let Ok(top) = top.canonicalize() {
        sync_dir(parent(&top))?;
    }
    Ok(manifest)
}

/// A record of the restore in the audit trail that was restored.
async fn note(database: &Path, manifest: &Manifest) -> Result<(), BackupError> {
    let url = database.to_string_lossy();
    let store =
        Store::open(&url, any_scope()?, Arc::new(|_: &Change| {})).map_err(BackupError::new)?;
    let of = manifest.installation.clone();
    let record = audit::of_server("fleetwright:RestoreBackup", of);
    store.append_audit(Arc::from([record])).await.map_err(BackupError::new)?;
    drop(store);
    // The last to close it writes its log into it; a log would lose its database by its new name.
    let log = database.with_extension("restoring-wal");
    match log.exists() {
        false => Ok(()),
        true => Err(BackupError(format!("{} could not be finished", database.display()))),
    }
}

fn empty(data_dir: &Path) -> Result<(), BackupError> {
    let entries = match fs::read_dir(data_dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(BackupError::io("read the directory", data_dir, &error)),
        Ok(entries) => entries,
    };
    let names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()))
        .filter(|name| !NOTHING.contains(&name.as_str()))
        .collect();
    if names.iter().any(|name| name == UNFINISHED) {
        return Err(BackupError(format!(
            "an earlier restore into {} was cut off. What lies there is of no use: remove it, and \
             run the command again",
            data_dir.display()
        )));
    }
    match names.first() {
        None => Ok(()),
        Some(name) => Err(BackupError(format!(
            "{} is not empty, {name} is in it: a backup is restored into an empty directory only, \
             so that nothing is overwritten. Move it away, or give another --data-dir",
            data_dir.display()
        ))),
    }
}

/// Makes everything below a directory durable.
fn sync_below(dir: &Path) -> Result<(), BackupError> {
    let fail = |error: std::io::Error| BackupError::io("sync", dir, &error);
    for entry in fs::read_dir(dir).map_err(fail)? {
        let path: PathBuf = entry.map_err(fail)?.path();
        if path.is_dir() {
            if !NOTHING.iter().any(|name| path.ends_with(name)) {
                sync_below(&path)?;
            }
        } else {
            File::open(&path).and_then(|file| file.sync_all()).map_err(fail)?;
        }
    }
    sync_dir(dir)
}

/// Takes away what a restore that failed has written: the directory was empty.
fn clear(data_dir: &Path, is_new: bool) {
    let Ok(entries) = fs::read_dir(data_dir) else { return };
    for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
        if NOTHING.iter().any(|name| path.ends_with(name)) {
            continue;
        }
        let removed =
            if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        if let Err(error) = removed {
            tracing::warn!(path = %path.display(), %error, "cannot remove");
        }
    }
    if is_new {
        let _ = fs::remove_dir(data_dir);
    }
}
