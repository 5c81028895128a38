//! Runtimes: what a function's code is written for.

use std::fmt;

use crate::text;

/// A kind of runtime; how code of its kind is started is the same for every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuntimeKind {
    /// `python3.…`: the handler is `module.function`.
    Python,
    /// `nodejs….x`: the handler is `module.export`.
    Node,
    /// `provided…`: the package holds an executable `bootstrap`.
    Provided,
}

/// A runtime that is offered here, by AWS's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Runtime {
    kind: RuntimeKind,
    name: &'static str,
}

/// A name of no runtime, or of one that is not offered here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnsupportedRuntime {
    name: String,
}

/// Those that are offered. AWS: guide, "Lambda runtimes"; shape `Runtime`.
const OFFERED: &[(RuntimeKind, &[&str])] = &[
    (
        RuntimeKind::Python,
        &[
            "python3.8",
            "python3.9",
            "python3.10",
            "python3.11",
            "python3.12",
            "python3.13",
            "python3.14",
        ],
    ),
    (RuntimeKind::Node, &["nodejs16.x", "nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"]),
    (RuntimeKind::Provided, &["provided", "provided.al2", "provided.al2023"]),
];

impl Runtime {
    /// Reads AWS's name of a runtime.
    ///
    /// # Errors
    /// One that is not offered here, whether AWS knows it or not; the message lists the offered.
    pub fn parse(name: &str) -> Result<Self, UnsupportedRuntime> {
        Self::all()
            .find(|runtime| runtime.name == name)
            .ok_or_else(|| UnsupportedRuntime { name: text::shown(name).to_owned() })
    }

    /// Every runtime that is offered.
    pub fn all() -> impl Iterator<Item = Self> {
        OFFERED.iter().flat_map(|(kind, names)| names.iter().map(|name| Self { kind: *kind, name }))
    }

    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        self.name
    }

    /// Its kind.
    pub fn kind(self) -> RuntimeKind {
        self.kind
    }
}

impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for UnsupportedRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offered: Vec<&str> = Runtime::all().map(Runtime::as_str).collect();
        write!(
            f,
            "Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value \
             set: [{}]; these are the runtimes that work here",
            self.name,
            offered.join(", ")
        )
    }
}

impl std::error::Error for UnsupportedRuntime {}
