//! Files that are replaced as a whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Its owner: 0600.
    Private,
    /// Everybody who may enter the directory: 0644.
    Public,
}

impl Mode {
    #[cfg(unix)]
    fn bits(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Public => 0o644,
        }
    }
}

/// One directory of such files.
#[derive(Debug)]
pub(super) struct Directory {
    path: PathBuf,
    /// Tests cut the power before the operation of this number.
    #[cfg(test)]
    pub(super) power: super::tests::Power,
}

impl Directory {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            #[cfg(test)]
            power: super::tests::Power::default(),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn create(&self) -> io::Result<()> {
        if self.path.is_dir() {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        builder.mode(0o700);
        builder.create(&self.path)
    }

    pub(super) fn lock_file(&self, name: &str) -> io::Result<File> {
        OpenOptions::new().create(true).truncate(false).write(true).open(self.path.join(name))
    }

    pub(super) fn read(&self, name: &str) -> io::Result<Option<Zeroizing<String>>> {
        match fs::read_to_string(self.path.join(name)) {
            Ok(text) => Ok(Some(Zeroizing::new(text))),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(cause),
        }
    }

    /// Temporary file, its content on the disk, rename, the rename on the disk.
    pub(super) fn replace(&self, name: &str, content: &[u8], mode: Mode) -> io::Result<()> {
        let temporary = self.path.join(format!("{name}.tmp"));
        self.step()?;
        write_new(&temporary, content, mode)?;
        self.step()?;
        fs::rename(&temporary, self.path.join(name))?;
        self.step()?;
        self.sync()
    }

    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        self.step()?;
        match fs::remove_file(self.path.join(name)) {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => return Err(cause),
            _ => {}
        }
        self.step()?;
        self.sync()
    }

    fn sync(&self) -> io::Result<()> {
        // Elsewhere a directory cannot be opened, and a rename is journaled by the file system.
        if cfg!(unix) { File::open(&self.path)?.sync_all() } else { Ok(()) }
    }

    #[cfg(test)]
    fn step(&self) -> io::Result<()> {
        self.power.step()
    }

    #[cfg(not(test))]
    fn step(&self) -> io::Result<()> {
        Ok(())
    }
}

/// The mode is set when the file is made, so that a key is readable by others at no time; and for
/// a key again, in case somebody else made a file of that name.
fn write_new(path: &Path, content: &[u8], mode: Mode) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    options.mode(mode.bits());
    let mut file = options.open(path)?;
    #[cfg(unix)]
    if mode == Mode::Private {
        file.set_permissions(fs::Permissions::from_mode(mode.bits()))?;
    }
    #[cfg(not(unix))]
    let _ = mode;
    file.write_all(content)?;
    file.sync_all()
}
