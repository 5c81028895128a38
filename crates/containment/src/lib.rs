//! Starts a function's process where it sees and may do little.
//!
//! The server starts the command `fleetwright function-worker` and writes a [`Program`] to its
//! standard input. That process is the *outer* one: it leaves the namespaces of the server and
//! starts the *init* of new ones, which makes a file system view, takes on limits and a filter of
//! system calls, starts the
//! program as an unprivileged user and reaps what the program leaves behind. Who kills the outer
//! process kills all of them, whatever they forked: the kernel ends a process-id namespace with
//! its init. Nothing here runs threads, so every step counts for the whole process.
//!
//! Linux only: elsewhere functions do not run.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod keyring;
mod limit;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod mounts;
mod program;
#[cfg(target_os = "linux")]
mod stages;
mod step;

pub use program::{Bind, Limits, Own, Program, View};

/// The hidden command of the outer process.
pub const OUTER: &str = "function-worker";
/// The hidden command of the init.
pub const INIT: &str = "function-worker-init";
/// Exit code when the program could not be started; standard error says why.
pub const NOT_STARTED: u8 = 125;

/// Runs the stage that the first argument names; `None` when it names none of them.
#[cfg(target_os = "linux")]
pub fn run(arguments: &[String]) -> Option<std::process::ExitCode> {
    let stage = match arguments.get(1)?.as_str() {
        OUTER => stages::outer,
        INIT => stages::init,
        _ => return None,
    };
    Some(match stage() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("cannot contain the function: {error}");
            NOT_STARTED.into()
        }
    })
}

/// Runs the stage that the first argument names; `None` when it names none of them.
#[cfg(not(target_os = "linux"))]
pub fn run(arguments: &[String]) -> Option<std::process::ExitCode> {
    let known = matches!(arguments.get(1)?.as_str(), OUTER | INIT);
    known.then(|| {
        eprintln!("functions run on Linux only");
        NOT_STARTED.into()
    })
}
