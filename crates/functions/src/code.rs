//! A function's code on this machine's disk: unpacked from its zip file once, whole or not at
//! all, and thrown away at the next start. The registry has the zip file itself.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Cursor};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

/// Bytes of all files. AWS: 250 MB, unzipped.
const UNPACKED_BYTES: u64 = 250 * 1024 * 1024;
/// Files and directories. (ours)
const ENTRIES: usize = 50_000;

/// Unpacked code.
#[derive(Clone)]
pub(super) struct Codes {
    directory: PathBuf,
}

impl Codes {
    /// An empty place for code; what an earlier start left is removed.
    ///
    /// # Errors
    /// When the directory cannot be made anew.
    pub(super) fn open(directory: PathBuf) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&directory)?;
        for entry in fs::read_dir(&directory)? {
            let entry = entry?;
            match entry.file_type()?.is_dir() {
                true => fs::remove_dir_all(entry.path())?,
                false => fs::remove_file(entry.path())?,
            }
        }
        Ok(Self { directory })
    }

    /// Where the code of a hash is, or would be.
    pub(super) fn place(&self, hash: &[u8; 32]) -> PathBuf {
        let name: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        self.directory.join(name)
    }

    /// Unpacks a zip file to the place of its hash. Blocks.
    ///
    /// # Errors
    /// When it is no zip file, has a name that leads out of it, or is too large; when the disk
    /// refuses.
    pub(super) fn unpack(&self, hash: &[u8; 32], zip: &[u8]) -> io::Result<PathBuf> {
        let place = self.place(hash);
        if place.exists() {
            return Ok(place);
        }
        let temporary = place.with_extension(format!("{:016x}", rand_word()?));
        directories(&self.directory, &temporary)?;
        let done = unpack_into(&temporary, zip).and_then(|()| fs::rename(&temporary, &place));
        if done.is_err() {
            fs::remove_dir_all(&temporary).ok();
        }
        match done {
            // Another task was faster.
            Err(_) if place.exists() => Ok(place),
            done => done.map(|()| place),
        }
    }

    /// Takes the code of a hash away, at once: from now on it is unpacked anew. What is left is
    /// the caller's to remove, with [`remove`]; the next start does it otherwise.
    pub(super) fn take_away(&self, hash: &[u8; 32]) -> Option<PathBuf> {
        let place = self.place(hash);
        let aside = place.with_extension(format!("{:016x}", rand_word().ok()?));
        fs::rename(place, &aside).ok().map(|()| aside)
    }
}

/// Removes unpacked code. Blocks.
pub(super) fn remove(aside: &Path) {
    if let Err(error) = fs::remove_dir_all(aside) {
        tracing::warn!(%error, "cannot remove a function's unpacked code");
    }
}

/// Makes a directory below another, readable for the worker's user whatever the umask.
fn directories(top: &Path, path: &Path) -> io::Result<()> {
    if path == top || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        directories(top, parent)?;
    }
    fs::create_dir(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))
}

fn rand_word() -> io::Result<u64> {
    fleetwright_host::random::bytes().map(u64::from_ne_bytes).map_err(io::Error::other)
}

fn unpack_into(directory: &Path, zip: &[u8]) -> io::Result<()> {
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(io::Error::other)?;
    if archive.len() > ENTRIES {
        return Err(io::Error::other(format!("the zip file has more than {ENTRIES} entries")));
    }
    let mut left = UNPACKED_BYTES;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(io::Error::other)?;
        let Some(name) = entry.enclosed_name() else {
            return Err(io::Error::other(format!("'{}' leads out of the zip file", entry.name())));
        };
        let (path, mode) = (directory.join(name), entry.unix_mode().unwrap_or(0o644));
        if entry.is_dir() {
            directories(directory, &path)?;
            continue;
        }
        if entry.is_symlink() {
            return Err(io::Error::other(format!("'{}' is a symbolic link", entry.name())));
        }
        if let Some(parent) = path.parent() {
            directories(directory, parent)?;
        }
        // Readable for the worker's user, and executable if it was.
        let mode = if mode & 0o111 == 0 { 0o644 } else { 0o755 };
        let mut file = OpenOptions::new().create_new(true).write(true).open(&path)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        let written = io::copy(&mut io::Read::take(&mut entry, left + 1), &mut file)?;
        left = left.checked_sub(written).ok_or_else(|| {
            io::Error::other(format!("its files are larger than {UNPACKED_BYTES} bytes"))
        })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(entries: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, mode, content) in entries {
            writer.start_file(*name, SimpleFileOptions::default().unix_permissions(*mode)).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn linked() -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.add_symlink("link", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        writer.finish().unwrap().into_inner()
    }

    fn codes() -> (tempfile::TempDir, Codes) {
        let directory = tempfile::tempdir().unwrap();
        let codes = Codes::open(directory.path().join("code")).unwrap();
        (directory, codes)
    }

    #[test]
    fn code_is_unpacked_readable_and_what_was_executable_stays_so() {
        let (_directory, codes) = codes();
        let zip = zipped(&[("a/b/app.py", 0o600, b"x"), ("bootstrap", 0o700, b"#!/bin/sh")]);
        let place = codes.unpack(&[1; 32], &zip).unwrap();
        let mode = |name: &str| place.join(name).metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(
            [mode("."), mode("a/b"), mode("a/b/app.py"), mode("bootstrap")],
            [0o755, 0o755, 0o644, 0o755]
        );
        assert_eq!(codes.unpack(&[1; 32], &zip).unwrap(), place, "once is enough");
        remove(&codes.take_away(&[1; 32]).unwrap());
        assert_eq!(codes.take_away(&[1; 32]), None);
        assert_eq!(fs::read_dir(&codes.directory).unwrap().count(), 0);
    }

    #[test]
    fn what_is_no_package_leaves_nothing() {
        let (_directory, codes) = codes();
        for (zip, cause) in [
            (b"no zip file".to_vec(), "invalid Zip"),
            (zipped(&[("../outside", 0o644, b"x")]), "leads out of"),
            (linked(), "symbolic link"),
        ] {
            let refused = codes.unpack(&[2; 32], &zip).unwrap_err().to_string();
            assert!(refused.contains(cause), "{refused}");
            assert_eq!(fs::read_dir(&codes.directory).unwrap().count(), 0, "{cause}");
        }
    }

    #[test]
    fn an_earlier_starts_code_is_gone() {
        let (directory, codes) = codes();
        let place = codes.unpack(&[3; 32], &zipped(&[("app.py", 0o644, b"x")])).unwrap();
        Codes::open(directory.path().join("code")).unwrap();
        assert!(!place.exists());
    }
}
