//! What this process sets for itself: its umask and its limit of open files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that this process makes from now on are its owner's alone, unless it sets their mode.
pub fn private_files() {
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
}

/// Raises the limit of open files to what the system allows: each connection is one.
pub(crate) fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, current = limit.current, "cannot raise the limit of open files");
    }
}
