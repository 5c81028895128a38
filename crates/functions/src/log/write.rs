//! Writes lines, in a thread of its own.

use std::collections::HashMap;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use fleetwright_core::function::FunctionName;
use tokio::sync::mpsc;

use super::{Entry, FILE_BYTES, LogLine, files};

/// Files that are held open. (ours)
const OPEN: usize = 64;

/// Who writes.
pub(super) struct Writer {
    directory: PathBuf,
    open: HashMap<FunctionName, Open>,
}

/// A function's newer file.
struct Open {
    file: File,
    begins: u64,
    bytes: u64,
}

impl Writer {
    pub(super) fn new(directory: PathBuf) -> Self {
        Self { directory, open: HashMap::new() }
    }

    pub(super) fn write_all(mut self, mut waiting: mpsc::Receiver<(FunctionName, Entry)>) {
        while let Some((function, entry)) = waiting.blocking_recv() {
            let done = match entry {
                Entry::Line(line) => self.write(&function, &line),
                Entry::Removal => self.remove(&function),
            };
            if let Err(error) = done {
                self.open.remove(&function);
                tracing::warn!(%function, %error, "cannot write a function's log");
            }
        }
    }

    fn remove(&mut self, function: &FunctionName) -> io::Result<()> {
        self.open.remove(function);
        match fs::remove_dir_all(self.directory.join(function.as_str())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    pub(super) fn write(&mut self, function: &FunctionName, line: &LogLine) -> io::Result<()> {
        let directory = self.directory.join(function.as_str());
        let mut open = match self.open.remove(function) {
            Some(open) => open,
            None => Open::newest(&directory)?,
        };
        if open.bytes >= FILE_BYTES {
            open = open.next(&directory)?;
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        open.file.write_all(&text)?;
        open.bytes += text.len() as u64;
        if self.open.len() >= OPEN {
            self.open.clear();
        }
        self.open.insert(function.clone(), open);
        Ok(())
    }
}

impl Open {
    /// The newest file, the first if there is none.
    fn newest(directory: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let newest = files(directory)?.pop();
        let mut open = Self::at(directory, newest.map_or(0, |(begins, _)| begins))?;
        // What a crash cut off must not swallow the next line.
        if open.bytes > 0 {
            let mut last = [0];
            open.file.seek(SeekFrom::End(-1))?;
            open.file.read_exact(&mut last)?;
            if last != [b'\n'] {
                open.file.write_all(b"\n")?;
                open.bytes += 1;
            }
        }
        Ok(open)
    }

    /// The file after this; what is older than this goes.
    fn next(self, directory: &Path) -> io::Result<Self> {
        for (begins, path) in files(directory)? {
            if begins < self.begins {
                fs::remove_file(path)?;
            }
        }
        Self::at(directory, self.begins + self.bytes)
    }

    fn at(directory: &Path, begins: u64) -> io::Result<Self> {
        let path = directory.join(format!("{begins:020}.jsonl"));
        let file =
            OpenOptions::new().create(true).read(true).append(true).mode(0o600).open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Self { file, begins, bytes })
    }
}
