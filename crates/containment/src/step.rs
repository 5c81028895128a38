//! Which step of the start failed.

use std::io;

/// The error with the step in front, such as `mount /tmp`.
pub(crate) fn named(step: &str, error: impl Into<io::Error>) -> io::Error {
    let error = error.into();
    io::Error::new(error.kind(), format!("{step}: {error}"))
}
