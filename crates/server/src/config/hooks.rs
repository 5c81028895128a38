//! `[hooks]`: where pre-provisioning hooks may run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::hooks::HookTarget;

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
    /// The URLs that templates, authorizers and certificate providers may name; one that ends in
    /// `/` stands for all beneath it. None, unless listed: the right to write a template is not
    /// the right to send requests from this machine.
    pub urls: Vec<String>,
    /// PEM file of the CAs to trust for `https://` hooks, beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Events kept in memory for `fleetwright hook test`, at most 1000; they hold devices'
    /// parameters.
    pub record_events: usize,
    /// A file with the secret that signs requests to URLs, at least 32 bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hmac_secret_file: Option<PathBuf>,
    /// `[hooks.lambda-endpoints."arn:aws:lambda:…"]`: functions that are elsewhere, by the ARN that
    /// templates name.
    pub lambda_endpoints: BTreeMap<String, LambdaEndpoint>,
}

/// Where a function is that does not run here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct LambdaEndpoint {
    /// `https://…`, or `http://` on loopback.
    pub url: String,
    /// The region that requests are signed for.
    pub region: String,
    /// A file as AWS's clients have it: `aws_access_key_id`, `aws_secret_access_key`.
    pub access_key_file: PathBuf,
}

/// Most events that can be kept.
const RECORDED: usize = 1000;

impl Hooks {
    /// Checks what has bounds.
    ///
    /// # Errors
    /// A sentence that names the key, the value and its bounds.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.record_events > RECORDED {
            let more = self.record_events;
            return Err(format!("[hooks] record-events {more} is not within 0 to {RECORDED}"));
        }
        for url in &self.urls {
            if !matches!(HookTarget::parse(url), Ok(HookTarget::Url(_))) {
                return Err(format!(
                    "[hooks] urls: '{url}' must be https://HOST:PORT/PATH, or http:// on loopback"
                ));
            }
        }
        for (arn, endpoint) in &self.lambda_endpoints {
            if !matches!(HookTarget::parse(arn), Ok(HookTarget::Function(_))) {
                return Err(format!(
                    "[hooks.lambda-endpoints] '{arn}' is no ARN of a function, \
                     arn:aws:lambda:REGION:ACCOUNT:function:NAME"
                ));
            }
            if !matches!(HookTarget::parse(&endpoint.url), Ok(HookTarget::Url(_))) {
                return Err(format!(
                    "[hooks.lambda-endpoints.\"{arn}\"] url '{}' must be https://HOST:PORT, or \
                     http:// on loopback",
                    endpoint.url
                ));
            }
        }
        Ok(())
    }
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

pub(super) const KEYS: &[&str] =
    &["commands", "urls", "ca-file", "record-events", "hmac-secret-file", "lambda-endpoints"];

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
