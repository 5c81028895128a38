//! Files of the authority and of the pool: written whole or not at all, readable by us only.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Bytes of the longest file that is read: a chain and a key are far shorter. (ours)
const FILE_BYTES: u64 = 64 * 1024;

/// The file system refused.
#[derive(Debug)]
pub(crate) struct FileError {
    pub(crate) doing: &'static str,
    pub(crate) path: PathBuf,
    pub(crate) error: io::Error,
}

fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    move |error| FileError { doing, path, error }
}

/// Makes a directory (mode 0700) unless it is there; warns when others may look into it.
pub(crate) fn make_dir(path: &Path) -> Result<(), FileError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(failed("create the directory", path))?;
    let mode = fs::metadata(path).map_err(failed("look at the directory", path))?.mode();
    if mode & 0o077 != 0 {
        tracing::warn!(
            directory = %path.display(),
            mode = %format!("{:o}", mode & 0o777),
            "private keys are kept here and others may enter it; chmod 700 it"
        );
    }
    Ok(())
}

/// Reads a file; `None` when it does not exist.
pub(crate) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, FileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("open", path)(error)),
    };
    // Room for all of it at once: a growing buffer would leave copies of a key behind.
    let length = file.metadata().map_err(failed("look at", path))?.len();
    if length > FILE_BYTES {
        let error = io::Error::other(format!("it is longer than {FILE_BYTES} bytes"));
        return Err(failed("read", path)(error));
    }
    let mut content = Zeroizing::new(Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 32));
    file.take(FILE_BYTES).read_to_end(&mut content).map_err(failed("read", path))?;
    Ok(Some(content))
}

/// Writes a file (mode 0600) whole or not at all: temporary file, sync, rename, sync of the
/// directory.
pub(crate) fn write(dir: &Path, name: &str, content: &[u8]) -> Result<(), FileError> {
    let path = dir.join(name);
    // One server has the directory at a time, so a leftover of this name is a crash's.
    let temporary = dir.join(format!(".{name}.new"));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(failed("remove", &temporary)(error));
        }
        _ => {}
    }
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(failed("create", &temporary))?;
    let written = file.write_all(content).and_then(|()| file.sync_all());
    if let Err(error) = written.and_then(|()| fs::rename(&temporary, &path)) {
        fs::remove_file(&temporary).ok();
        return Err(failed("write", &path)(error));
    }
    sync(dir)
}

/// Makes the directory's entries durable.
pub(crate) fn sync(dir: &Path) -> Result<(), FileError> {
    File::open(dir).and_then(|dir| dir.sync_all()).map_err(failed("sync the directory", dir))
}

/// Removes a file; durable after [`sync`].
pub(crate) fn remove(path: &Path) -> Result<(), FileError> {
    fs::remove_file(path).map_err(failed("remove", path))
}

/// Removes a file if it is there; durable after [`sync`].
pub(crate) fn remove_if_there(path: &Path) -> Result<(), FileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed("remove", path)(error)),
        _ => Ok(()),
    }
}

/// Removes a directory that is empty; one that is not stays. Durable after [`sync`] of its parent.
pub(crate) fn remove_dir(path: &Path) -> Result<(), FileError> {
    match fs::remove_dir(path) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty
            ) =>
        {
            Err(failed("remove the directory", path)(error))
        }
        _ => Ok(()),
    }
}

/// Names of the directory's entries that `wanted` accepts, sorted, at most `bound` of them; and
/// whether there are more.
pub(crate) fn names(
    dir: &Path,
    bound: usize,
    wanted: impl Fn(&str) -> bool,
) -> Result<(Vec<String>, bool), FileError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed("list", dir))? {
        let entry = entry.map_err(failed("list", dir))?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !wanted(&name) {
            continue;
        }
        if names.len() == bound {
            return Ok((names, true));
        }
        names.push(name);
    }
    names.sort_unstable();
    Ok((names, false))
}
