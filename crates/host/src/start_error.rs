use std::fmt;

/// The server could not start. `Display` says what, where and what to do.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(String);

impl StartError {
    /// From what stopped the start.
    pub fn new(what: impl fmt::Display) -> Self {
        Self(what.to_string())
    }
}
