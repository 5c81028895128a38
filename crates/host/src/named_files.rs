//! What a configuration names on this machine, looked at when it is read.

use std::env;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use crate::{outgoing, tls};

/// A directory that this process may list.
///
/// # Errors
/// What is wrong with it.
pub fn directory(path: &Path) -> Result<(), String> {
    match std::fs::read_dir(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => {
            Err("it is no directory".to_owned())
        }
        Err(error) => Err(error.to_string()),
    }
}

/// A directory, or a path on which one can be made: the nearest that exists above it is one.
///
/// # Errors
/// What is in the way.
pub fn directory_to_make(path: &Path) -> Result<(), String> {
    let existing = path.ancestors().find(|above| above.exists());
    let existing = existing.filter(|above| !above.as_os_str().is_empty());
    match existing {
        Some(above) if !above.is_dir() => Err(format!("{} is no directory", above.display())),
        _ => Ok(()),
    }
}

/// A file that is to be written: its directory exists.
///
/// # Errors
/// What is in the way.
pub fn file_to_write(path: &Path) -> Result<(), String> {
    if path.is_dir() {
        return Err("it is a directory".to_owned());
    }
    match path.parent().filter(|above| !above.as_os_str().is_empty()) {
        Some(above) => directory(above).map_err(|why| format!("{}: {why}", above.display())),
        None => Ok(()),
    }
}

/// A file that this process may read.
///
/// # Errors
/// What is wrong with it.
pub fn readable(path: &Path) -> Result<(), String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    match file.metadata() {
        Ok(found) if found.is_dir() => Err("it is a directory".to_owned()),
        Ok(_) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

/// A PEM file of one certificate or more that can be trusted.
///
/// # Errors
/// It cannot be read, or holds none.
pub fn certificates(path: &Path) -> Result<(), String> {
    tls::certificates_of(path).map(|_| ())
}

/// A file with an access key, as AWS's clients have it.
///
/// # Errors
/// It cannot be read, or holds none.
pub fn access_key(path: &Path) -> Result<(), String> {
    outgoing::access_key(path).map(|_| ()).map_err(|error| error.to_string())
}

/// A program: a path to an executable file, or a name that `PATH` has.
///
/// # Errors
/// It is not there, or may not be executed.
pub fn program(path: &Path) -> Result<(), String> {
    let executable =
        |candidate: &PathBuf| candidate.is_file() && access(candidate, Access::EXEC_OK).is_ok();
    if path.components().count() == 1 && !path.is_absolute() {
        let directories = env::var_os("PATH").unwrap_or_default();
        return match env::split_paths(&directories)
            .map(|it| it.join(path))
            .any(|it| executable(&it))
        {
            true => Ok(()),
            false => Err("no directory of PATH has a program of this name".to_owned()),
        };
    }
    let found = std::fs::metadata(path).map_err(|error| error.to_string())?;
    if !found.is_file() {
        return Err("it is no file".to_owned());
    }
    match executable(&path.to_owned()) {
        true => Ok(()),
        false => Err("it may not be executed (chmod +x)".to_owned()),
    }
}
