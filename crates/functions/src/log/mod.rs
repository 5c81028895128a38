//! What functions print, and what the server says of their invocations: JSON lines in two files
//! per function, the newer continued, the older thrown away when the newer is full.
//!
//! A file is named by the position of its first byte among all that the function ever logged, so
//! that a position holds across the change of files.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, io};

use fleetwright_core::function::FunctionName;
use fleetwright_core::time::Timestamp;
use fleetwright_host::clock;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use write::Writer;

/// Bytes of one file; a function has two. (ours)
const FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Lines that wait to be written; further ones are counted and dropped. (ours)
const QUEUE: usize = 2048;

/// Who wrote a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stream {
    /// The function, to its standard output.
    Stdout,
    /// The function, to its standard error.
    Stderr,
    /// The server: beginning, end, duration, reason.
    Platform,
}

/// A line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogLine {
    /// Milliseconds since 1970.
    pub(crate) time: i64,
    /// The version that ran.
    pub(crate) version: String,
    /// Of the invocation; none while the function is being initialized.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    /// Who wrote it.
    pub(crate) stream: Stream,
    /// What.
    pub(crate) message: String,
}

/// Selects lines of a function's log.
#[derive(Debug, Clone, Default)]
pub struct LogQuery {
    /// Lines from this position on, in bytes since the first line ever logged.
    pub position: u64,
    /// Lines of this time or later.
    pub since: Option<Timestamp>,
    /// Lines of this invocation.
    pub request_id: Option<String>,
}

/// One page of a function's log, the oldest line first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogPage {
    /// At most 1000.
    pub lines: Vec<LogLine>,
    /// The position to continue from.
    pub position: u64,
    /// Whether more lines follow.
    pub more: bool,
}

impl LogLine {
    /// A line of this moment.
    pub(crate) fn now(
        version: &str,
        request_id: Option<&str>,
        stream: Stream,
        message: &str,
    ) -> Self {
        Self {
            time: clock::now().0,
            version: version.to_owned(),
            request_id: request_id.map(str::to_owned),
            stream,
            message: message.to_owned(),
        }
    }
}

/// What the writer is given.
enum Entry {
    Line(LogLine),
    /// The function is deleted, and its log with it.
    Removal,
}

/// The logs of all functions of this server.
pub(crate) struct Logs {
    directory: PathBuf,
    queue: mpsc::Sender<(FunctionName, Entry)>,
    dropped: AtomicU64,
}

impl Logs {
    /// Keeps logs in a directory, made if need be.
    ///
    /// # Errors
    /// When the directory cannot be made.
    pub(crate) fn open(directory: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&directory)?;
        let (queue, waiting) = mpsc::channel(QUEUE);
        let writer = Writer::new(directory.clone());
        std::thread::Builder::new()
            .name("function-logs".into())
            .spawn(move || writer.write_all(waiting))?;
        Ok(Self { directory, queue, dropped: AtomicU64::new(0) })
    }

    /// Takes a line; it is on disk a moment later.
    pub(crate) fn write(&self, function: &FunctionName, line: LogLine) {
        self.put(function, Entry::Line(line));
    }

    /// Removes what a function logged, a moment later.
    pub(crate) fn remove(&self, function: &FunctionName) {
        self.put(function, Entry::Removal);
    }

    fn put(&self, function: &FunctionName, entry: Entry) {
        if self.queue.try_send((function.clone(), entry)).is_err() {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            if dropped.is_power_of_two() {
                tracing::warn!(dropped, "lines of functions' logs dropped: the disk is too slow");
            }
        }
    }

    /// A page of a function's lines; `None` when it never logged. Waits for the disk.
    ///
    /// # Errors
    /// When the disk cannot be read.
    pub(crate) fn read(
        &self,
        function: &FunctionName,
        query: &LogQuery,
    ) -> io::Result<Option<LogPage>> {
        read::page(&self.directory.join(function.as_str()), query)
    }
}

/// A function's files with their positions, the oldest first.
fn files(directory: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let position = name.and_then(|name| name.strip_suffix(".jsonl")?.parse().ok());
        files.extend(position.map(|position| (position, path)));
    }
    files.sort_unstable();
    Ok(files)
}
