//! Making a backup, beside a running server or without one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Cursor, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fleetwright_host::clock;
use fleetwright_host::data_dir::DATABASE;
use fleetwright_store::Store;
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::manifest::{Count, FORMAT, Manifest, Member};
use super::verify::extract;
use super::{BackupError, Progress, Scratch, archive, contents, parent, sibling, sync_dir};

/// What is not in a backup; see [`crate::backup`].
const LEFT_OUT: [&str; 3] = ["key-pool", "functions", "lock"];
/// Bytes of the longest file beside the registry. (ours)
const FILE_BYTES: u64 = 256 * 1024 * 1024;
/// The name of the configuration file in a backup.
const CONFIGURATION: &str = "fleetwright.toml";
/// How often progress is reported while the registry is copied.
const TELL_EVERY: Duration = Duration::from_millis(100);

/// Writes a backup of a data directory to a new file (mode 0600), and reads it again. The
/// configuration file is kept beside, where one is named. Needs room for two copies of the
/// registry where the file goes, for as long as it works.
///
/// # Errors
/// When the directory is no whole installation, is damaged, or the file exists or cannot be
/// written. Nothing is left behind then.
pub fn create(
    data_dir: &Path,
    configuration: Option<&Path>,
    file: &Path,
    progress: Progress<'_>,
) -> Result<Manifest, BackupError> {
    if file.exists() {
        return Err(exists(file));
    }
    let data_dir = data_dir
        .canonicalize()
        .map_err(|error| BackupError::io("open the data directory", data_dir, &error))?;
    let database = data_dir.join(DATABASE);
    if !database.is_file() {
        return Err(BackupError(format!(
            "{} is missing: {} is no data directory of a server",
            database.display(),
            data_dir.display()
        )));
    }
    // 1. The registry at one moment, read whole.
    let scratch = Scratch::beside(file, "registry")?;
    let copy = scratch.path().join(DATABASE);
    let created = clock::now().0;
    copy_registry(&database, &copy, progress)?;
    progress("checking the copy", 0, 0);
    let examined = contents::examine(&copy)?;
    // 2. Every other file, as it is.
    let mut files = Vec::new();
    collect(&data_dir, "", &mut files)?;
    if let Some(path) = configuration {
        files.push((CONFIGURATION.to_owned(), read_file(path)?));
    }
    // What was read is checked, not what a server may be about to replace.
    for (name, content) in files.iter().filter(|(name, _)| contents::is_checked(name)) {
        let member = Member { name: name.clone(), size: 0, sha256: String::new() };
        extract(scratch.path(), name, &member)?
            .write_all(content)
            .map_err(|error| BackupError::io("write", &scratch.path().join(name), &error))?;
    }
    contents::check(scratch.path(), &examined)?;
    let (sha256, size) = File::open(&copy)
        .and_then(archive::digest)
        .map_err(|error| BackupError::io("read", &copy, &error))?;
    let mut members = vec![Member { name: DATABASE.to_owned(), size, sha256 }];
    for (name, content) in &files {
        let (sha256, size) = archive::digest(content.as_slice()).map_err(BackupError::new)?;
        members.push(Member { name: name.clone(), size, sha256 });
    }
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        created,
        installation: examined.installation.as_ref().map(|known| known.id.to_string()),
        schema: examined.schema,
        newest_record: examined.newest_record.map(|at| at.0),
        counts: examined
            .counts
            .iter()
            .map(|(of, count)| Count { of: (*of).to_owned(), count: *count })
            .collect(),
        members,
    };
    // 3. One file, whole or not at all, and read again from the disk.
    let unfinished = Scratch(sibling(file, "unfinished"));
    let open = |member: &Member| -> io::Result<Box<dyn Read>> {
        let found = files.iter().find(|(name, _)| *name == member.name);
        Ok(match found {
            Some((_, content)) => Box::new(Cursor::new(content.clone())),
            None => Box::new(File::open(&copy)?),
        })
    };
    archive::write(unfinished.path(), &manifest, open, progress)?;
    archive::read(unfinished.path(), |_, _| Ok(Box::new(io::sink())), progress)?;
    renameat_with(CWD, unfinished.path(), CWD, file, RenameFlags::NOREPLACE).map_err(|error| {
        match error {
            rustix::io::Errno::EXIST => exists(file),
            error => BackupError::io("write", file, &error.into()),
        }
    })?;
    sync_dir(parent(file))?;
    Ok(manifest)
}

fn exists(file: &Path) -> BackupError {
    BackupError(format!("{} exists, and a backup is never overwritten", file.display()))
}

fn copy_registry(from: &Path, to: &Path, progress: Progress<'_>) -> Result<(), BackupError> {
    let url = from.to_string_lossy().into_owned();
    let total = Store::size(&url).map_err(BackupError::new)?;
    // Made here, for SQLite would let others read it.
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(to)
        .map_err(|error| BackupError::io("create", to, &error))?;
    std::thread::scope(|scope| {
        let copying = scope.spawn(|| Store::copy(&url, to));
        while !copying.is_finished() {
            progress("copying the registry", fs::metadata(to).map_or(0, |it| it.len()), total);
            std::thread::sleep(TELL_EVERY.min(Duration::from_millis(5 + total / 1_000_000)));
        }
        match copying.join() {
            Ok(copied) => copied.map_err(BackupError::new),
            Err(_) => Err(BackupError::new("the registry's copy came to no end")),
        }
    })?;
    File::open(to)
        .and_then(|file| file.sync_all())
        .map_err(|error| BackupError::io("sync", to, &error))
}

/// Regular files below a directory, by their path in it; half-written ones are nothing yet.
fn collect(dir: &Path, below: &str, files: &mut Vec<(String, Vec<u8>)>) -> Result<(), BackupError> {
    let fail = |error: io::Error| BackupError::io("read the directory", dir, &error);
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .map_err(fail)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .map_err(fail)?;
    entries.sort_unstable();
    for path in entries {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
        let is_ours = below.is_empty()
            && (LEFT_OUT.contains(&name) || name.starts_with(DATABASE) || name == "lost+found");
        if is_ours || (name.starts_with('.') && name.ends_with(".new")) {
            continue;
        }
        let metadata = match fs::symlink_metadata(&path) {
            Ok(metadata) => metadata,
            // Gone since: it was a server's temporary file.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(BackupError::io("look at", &path, &error)),
        };
        let name = format!("{below}{name}");
        if metadata.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else if metadata.is_file() || path.is_file() {
            files.push((name, read_file(&path)?));
        }
    }
    Ok(())
}

fn read_file(path: &Path) -> Result<Vec<u8>, BackupError> {
    let fail = |error: io::Error| BackupError::io("read", path, &error);
    let file = File::open(path).map_err(fail)?;
    if file.metadata().map_err(fail)?.len() > FILE_BYTES {
        return Err(BackupError(format!(
            "{} is longer than {FILE_BYTES} bytes and no file of a server; move it away",
            path.display()
        )));
    }
    let mut content = Vec::new();
    file.take(FILE_BYTES).read_to_end(&mut content).map_err(fail)?;
    Ok(content)
}
