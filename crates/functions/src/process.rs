//! The processes of one worker.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};

use fleetwright_containment::{NOT_STARTED, OUTER, Program};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::cgroups::Cgroup;
use super::lines::Lines;

/// A started program; dropped, it is killed with all that it started.
pub(super) struct Process {
    child: Child,
    pub(super) id: u32,
    pub(super) stdout: Lines,
    pub(super) stderr: Lines,
    /// Dropped last, when its processes were killed.
    cgroup: Option<Cgroup>,
}

/// The server's own program starts its functions; an upgrade may have removed or replaced it.
fn named(own: &Path, error: io::Error) -> io::Error {
    let why = format!(
        "cannot start {}, the server's own program, which contains functions: {error}. If it was \
         removed or replaced, start the server again",
        own.display()
    );
    io::Error::new(error.kind(), why)
}

impl Process {
    /// Starts a program, contained; `cgroup` is its own. `own` is this server's executable.
    pub(super) async fn start(
        own: &Path,
        program: &Program,
        cgroup: Option<Cgroup>,
    ) -> io::Result<Self> {
        let text = serde_json::to_vec(program)?;
        let ((stdout, out), (stderr, err)) = (Lines::open()?, Lines::open()?);
        let mut child = Command::new(own)
            .arg(OUTER)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(out)
            .stderr(err)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| named(own, error))?;
        let id = child.id().ok_or_else(|| io::Error::other("it ended at once"))?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(&text).await?;
        }
        Ok(Self { child, id, stdout, stderr, cgroup })
    }

    /// Whether its outermost process has not ended.
    pub(super) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Whether the kernel ended something of it for want of memory.
    pub(super) fn ran_out_of_memory(&self) -> bool {
        self.cgroup.as_ref().is_some_and(Cgroup::ran_out)
    }

    /// Waits until it has printed something, or has ended.
    pub(super) async fn changed(&mut self) -> Change {
        tokio::select! {
            () = self.stdout.readable() => Change::Printed,
            () = self.stderr.readable() => Change::Printed,
            status = self.child.wait() => Change::Ended(Exit(status.ok())),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Where there is no namespace that ends with its init, the process group is the next
        // best thing; the outer process itself is killed by its handle.
        let running = self.is_running();
        let group = i32::try_from(self.id).ok().and_then(Pid::from_raw);
        if let Some(group) = group.filter(|_| running) {
            // It may have no group yet; then its handle kills it.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// What a process did.
pub(super) enum Change {
    /// It printed, or closed an output stream.
    Printed,
    /// It ended.
    Ended(Exit),
}

/// How a process ended; `None` when the system does not say.
pub(super) struct Exit(Option<ExitStatus>);

impl Exit {
    /// Whether it never became the function's program.
    pub(super) fn not_started(&self) -> bool {
        self.0.and_then(|status| status.code()) == Some(i32::from(NOT_STARTED))
    }
}

impl std::fmt::Display for Exit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Some(status) = self.0 else { return f.write_str("unknown") };
        let signal =
            status.signal().or_else(|| status.code().and_then(|code| code.checked_sub(128)));
        match signal.filter(|signal| *signal > 0) {
            Some(9) => f.write_str("signal: killed"),
            Some(24) => f.write_str("signal: CPU time limit exceeded"),
            Some(25) => f.write_str("signal: file size limit exceeded"),
            Some(signal) => write!(f, "signal: {signal}"),
            None => write!(f, "exit status {}", status.code().unwrap_or_default()),
        }
    }
}
