//! The log of one invocation, and its tail for the invoker.

use std::sync::Arc;

use super::log::{LogLine, Logs, Stream};
use super::process::Process;
use super::revision::Revision;

/// Bytes of the end of a log that an invoker may have. AWS: 4 KB.
const TAIL: usize = 4096;
/// What a line costs beside its text, bytes. (ours)
const LINE_COST: usize = 128;
/// Bytes that one invocation may log; what comes after is left out. (ours)
const LOGGED: usize = 1024 * 1024;

/// The log of one invocation, or of the initialization of a worker.
pub(super) struct Transcript {
    logs: Arc<Logs>,
    revision: Arc<Revision>,
    request_id: Option<String>,
    tail: String,
    logged: usize,
}

impl Transcript {
    pub(super) fn begin(
        logs: Arc<Logs>,
        revision: Arc<Revision>,
        request_id: Option<String>,
    ) -> Self {
        Self { logs, revision, request_id, tail: String::new(), logged: 0 }
    }

    /// Takes what the worker printed.
    pub(super) fn capture(&mut self, process: &mut Process) {
        process.stdout.take(|line| self.line(Stream::Stdout, line));
        process.stderr.take(|line| self.line(Stream::Stderr, line));
    }

    /// Takes what the worker printed, unfinished lines too.
    pub(super) fn capture_rest(&mut self, process: &mut Process) {
        self.capture(process);
        process.stdout.rest(|line| self.line(Stream::Stdout, line));
        process.stderr.rest(|line| self.line(Stream::Stderr, line));
    }

    /// Takes one line.
    pub(super) fn line(&mut self, stream: Stream, message: &str) {
        let full = self.logged >= LOGGED;
        self.logged += message.len() + LINE_COST;
        if full && stream != Stream::Platform {
            return;
        }
        if self.logged >= LOGGED && stream != Stream::Platform {
            self.write(Stream::Platform, "what follows is left out: one invocation logs 1 MiB");
        }
        self.write(stream, message);
    }

    fn write(&mut self, stream: Stream, message: &str) {
        let request_id = self.request_id.as_deref();
        let line = LogLine::now(&self.revision.version, request_id, stream, message);
        self.logs.write(&self.revision.name, line);
        self.tail.push_str(message);
        self.tail.push('\n');
        if self.tail.len() > TAIL {
            let mut cut = self.tail.len() - TAIL;
            while !self.tail.is_char_boundary(cut) {
                cut += 1;
            }
            self.tail.drain(..cut);
        }
    }

    /// The end of it, so far.
    pub(super) fn tail(&self) -> &str {
        &self.tail
    }
}
