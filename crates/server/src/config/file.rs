//! Reading the file: TOML text to sections, with errors that name the key and its neighbour.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

use super::{
    Addresses, Audit, Bulk, Claims, Control, Functions, Hooks, Mqtt, Provisioning, WebIdentity,
    audit, bulk, claims, control, functions, hooks, mqtt, provisioning, web_identity,
};

/// The whole file. Every key is optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct ConfigFile {
    /// Directory of everything that the server keeps.
    pub data_dir: Option<PathBuf>,
    /// Addresses of the device gateway.
    pub mqtt_listen: Option<Addresses>,
    /// Address of the control plane.
    pub api_listen: Option<String>,
    /// Serve the control plane over TLS with the server's own certificate.
    pub api_tls: Option<bool>,
    /// Names and addresses in the server certificate.
    pub hostnames: Option<Vec<String>>,
    /// The account, twelve digits.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// `[mqtt]`
    pub mqtt: Mqtt,
    /// `[provisioning]`
    pub provisioning: Provisioning,
    /// `[claims]`
    pub claims: Claims,
    /// `[control]`
    pub control: Control,
    /// `[bulk]`
    pub bulk: Bulk,
    /// `[audit]`
    pub audit: Audit,
    /// `[hooks]`
    pub hooks: Hooks,
    /// `[functions]`
    pub functions: Functions,
    /// `[web-identity]`
    pub web_identity: WebIdentity,
}

const KEYS: &[&str] = &[
    "data-dir",
    "mqtt-listen",
    "api-listen",
    "api-tls",
    "hostnames",
    "account",
    "region",
    "mqtt",
    "provisioning",
    "claims",
    "control",
    "bulk",
    "hooks",
    "functions",
    "audit",
    "web-identity",
];

/// The file cannot be used. `Display` says where and what to write instead.
#[derive(Debug)]
pub struct ConfigError(String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

impl ConfigFile {
    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| ConfigError(format!("cannot read {}: {error}", path.display())))?;
        Self::parse(&text).map_err(|error| ConfigError(format!("{}: {error}", path.display())))
    }

    /// Checks a file's text.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let table: Table = text.parse().map_err(|error| ConfigError(format!("{error}")))?;
        check_keys("", &table, KEYS)?;
        for (section, keys) in [
            ("mqtt", mqtt::KEYS),
            ("provisioning", provisioning::KEYS),
            ("claims", claims::KEYS),
            ("control", control::KEYS),
            ("bulk", bulk::KEYS),
            ("hooks", hooks::KEYS),
            ("functions", functions::KEYS),
            ("audit", audit::KEYS),
            ("web-identity", web_identity::KEYS),
        ] {
            if let Some(Value::Table(inner)) = table.get(section) {
                check_keys(section, inner, keys)?;
            }
        }
        let certificates = table.get("claims").and_then(|claims| claims.get("certificates"));
        for (id, limits) in certificates.and_then(Value::as_table).into_iter().flatten() {
            if let Value::Table(inner) = limits {
                check_keys(&format!("claims.certificates.{id}"), inner, claims::LIMIT_KEYS)?;
            }
        }
        toml::from_str(text).map_err(|error| ConfigError(format!("{error}")))
    }
}

fn check_keys(section: &str, table: &Table, known: &[&str]) -> Result<(), ConfigError> {
    let Some(unknown) = table.keys().find(|key| !known.contains(&key.as_str())) else {
        return Ok(());
    };
    let place = if section.is_empty() { String::new() } else { format!(" in [{section}]") };
    let nearest = known
        .iter()
        .max_by(|a, b| {
            strsim::jaro_winkler(unknown, a).total_cmp(&strsim::jaro_winkler(unknown, b))
        })
        .map(|key| format!("; did you mean '{key}'?"))
        .unwrap_or_default();
    Err(ConfigError(format!(
        "unknown key '{unknown}'{place}{nearest} Known keys: {}",
        known.join(", ")
    )))
}
