//! `[hooks]`: where pre-provisioning hooks may run.

use std::collections::BTreeMap;
use std::path::PathBuf;

use fleetwright_core::configuration::{self, Key, Takes};
use fleetwright_core::hook::HookTarget;
use fleetwright_core::names::Region;
use fleetwright_core::url::Url;
use fleetwright_host::named_files;
use serde::{Deserialize, Serialize};

use super::signature;

/// Local commands by name, and the trusted roots for HTTPS.
///
/// A template names a command as `command:NAME` in `preProvisioningHook.targetArn`; only the
/// commands listed here can be run, so that the right to write templates is not the right to run
/// programs on the server.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
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
const RECORDED: i64 = 1000;
/// URLs, at most. (ours)
const URLS: usize = 1000;

/// A program and its arguments; no shell is involved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct HookCommand {
    /// The program's path.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
}

impl Settings {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        Key::new(
            "commands",
            Takes::Each(configuration::not_empty, &Takes::Command(named_files::program)),
        ),
        Key::new("urls", Takes::List(0, URLS, &Takes::Text(url))),
        Key::new("ca-file", Takes::File(named_files::certificates)),
        Key::new("record-events", Takes::Number(0, RECORDED)),
        Key::new("hmac-secret-file", Takes::File(signature::look)),
        Key::new(
            "lambda-endpoints",
            Takes::Each(function_arn, &Takes::Section(LambdaEndpoint::KEYS)),
        ),
    ];
}

impl LambdaEndpoint {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        Key::new("url", Takes::Text(url)),
        Key::new("region", Takes::Text(region)),
        Key::new("access-key-file", Takes::File(named_files::access_key)),
    ];
}

fn url(text: &str) -> Result<(), String> {
    let allowed = |_| "https://HOST:PORT/PATH, or http:// on loopback".to_owned();
    Url::parse(text).map(|_| ()).map_err(allowed)
}

fn region(text: &str) -> Result<(), String> {
    Region::parse(text).map(|_| ()).map_err(|_| "a region such as eu-central-1".to_owned())
}

fn function_arn(text: &str) -> Result<(), String> {
    match HookTarget::parse(text) {
        Ok(HookTarget::Function(_)) => Ok(()),
        _ => Err("a function's ARN, arn:aws:lambda:REGION:ACCOUNT:function:NAME".to_owned()),
    }
}

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
