//! `[hooks]`: where pre-provisioning hooks may run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Local commands by name, and whom to trust over HTTPS.
///
/// A template names a command as `command:NAME` in `preProvisioningHook.targetArn`; only the
/// commands listed here can be run, so that the right to write templates is not the right to run
/// programs on the server.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Hooks {
    /// `[hooks.commands]`: `NAME = ["/path/to/program", "argument"]`.
    pub commands: BTreeMap<String, HookCommand>,
    /// PEM file of the CAs to trust for `https://` hooks, beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

/// A program and its arguments; no shell is involved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct HookCommand {
    /// The program's path.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

pub(super) const KEYS: &[&str] = &["commands", "ca-file"];

impl TryFrom<Vec<String>> for HookCommand {
    type Error = &'static str;
    fn try_from(words: Vec<String>) -> Result<Self, Self::Error> {
        let mut words = words.into_iter();
        let program = words.next().ok_or("a hook command needs at least its program")?;
        Ok(Self { program, arguments: words.collect() })
    }
}

impl From<HookCommand> for Vec<String> {
    fn from(command: HookCommand) -> Self {
        std::iter::once(command.program).chain(command.arguments).collect()
    }
}
