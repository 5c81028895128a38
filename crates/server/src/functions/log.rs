//! What functions print, and what the server says of their invocations: JSON lines in two files
//! per function, the newer continued, the older thrown away when the newer is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use fleetwright_core::function::FunctionName;
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use crate::clock;

/// Bytes of one file; a function has two. (ours)
const FILE_BYTES: u64 = 4 * 1024 * 1024;
/// Lines that wait to be written; further ones are counted and dropped. (ours)
const QUEUE: usize = 8192;
/// Lines that one request reads. (ours)
pub(crate) const PAGE: usize = 1000;

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
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Line {
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

impl Line {
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

/// The logs of all functions of this server.
pub(crate) struct Logs {
    directory: PathBuf,
    queue: mpsc::Sender<(FunctionName, Line)>,
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
        let writer = Writer { directory: directory.clone() };
        std::thread::Builder::new()
            .name("function-logs".into())
            .spawn(move || writer.write_all(waiting))?;
        Ok(Self { directory, queue, dropped: AtomicU64::new(0) })
    }

    /// Takes a line; it is on disk a moment later.
    pub(crate) fn write(&self, function: &FunctionName, line: Line) {
        if self.queue.try_send((function.clone(), line)).is_err() {
            let dropped = self.dropped.fetch_add(1, Ordering::Relaxed) + 1;
            if dropped.is_power_of_two() {
                tracing::warn!(dropped, "lines of functions' logs dropped: the disk is too slow");
            }
        }
    }

    /// The last lines of a function after a position, at most [`PAGE`], with the position to go
    /// on from: the count of lines that the function has logged in both files.
    pub(crate) fn read(&self, function: &FunctionName, newest: usize) -> Vec<Line> {
        let (old, new) = files(&self.directory, function);
        let mut lines: Vec<Line> = [old, new].iter().flat_map(|path| read_file(path)).collect();
        lines.split_off(lines.len().saturating_sub(newest.min(PAGE)))
    }
}

fn read_file(path: &Path) -> Vec<Line> {
    let Ok(file) = File::open(path) else { return Vec::new() };
    let lines = BufReader::new(file).lines().map_while(Result::ok);
    // A line that a crash cut off is no line.
    lines.filter_map(|line| serde_json::from_str(&line).ok()).collect()
}

fn files(directory: &Path, function: &FunctionName) -> (PathBuf, PathBuf) {
    let at = |end: &str| directory.join(format!("{function}.{end}.jsonl"));
    (at("old"), at("new"))
}

struct Writer {
    directory: PathBuf,
}

impl Writer {
    fn write_all(&self, mut waiting: mpsc::Receiver<(FunctionName, Line)>) {
        while let Some((function, line)) = waiting.blocking_recv() {
            if let Err(error) = self.write(&function, &line) {
                tracing::warn!(%function, %error, "cannot write a function's log");
            }
        }
    }

    fn write(&self, function: &FunctionName, line: &Line) -> io::Result<()> {
        let (old, new) = files(&self.directory, function);
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&new)?;
        if file.metadata()?.len() >= FILE_BYTES {
            fs::rename(&new, &old)?;
            file = OpenOptions::new().create(true).append(true).mode(0o600).open(&new)?;
        }
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        file.write_all(&text)
    }
}
