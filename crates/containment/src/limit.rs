//! Limits of the kernel on one process and what it starts.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

use crate::Limits;

/// How much less than the server a function gets of a busy processor.
const NICE: i32 = 5;
/// Stack of a thread, bytes: what is not written to costs nothing, but counts as memory.
const STACK: u64 = 8 * 1024 * 1024;

/// Signals and timers that wait, of its user. (ours)
const SIGNALS: u64 = 1024;

/// Takes the limits on, or those that are in force already where these are lower; there is no way
/// back.
pub(crate) fn take_on(limits: &Limits) -> io::Result<()> {
    for (resource, most) in [
        (Resource::Data, limits.memory_bytes),
        (Resource::Cpu, limits.cpu_seconds),
        (Resource::Nproc, limits.processes),
        (Resource::Fsize, limits.file_bytes),
        (Resource::Nofile, limits.open_files),
        (Resource::Stack, STACK),
        (Resource::Core, 0),
        (Resource::Msgqueue, 0),
        (Resource::Sigpending, SIGNALS),
    ] {
        // What the machine allows may be less, and cannot be raised.
        let most = getrlimit(resource).maximum.map_or(most, |allowed| allowed.min(most));
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    nice(NICE)?;
    Ok(())
}
