//! What the server runs with: file, command line and defaults, merged and checked.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;

use fleetwright_core::arn::Home;
use fleetwright_core::certificate::Instant;
use fleetwright_core::names::{AccountId, Region};

use crate::hooks::HookTarget;

use super::listen::{MqttListen, address};
use super::{
    Audit, Bulk, Claims, ConfigFile, Control, Functions, Hooks, Mqtt, Provisioning, WebIdentity,
};

/// What was given on the command line or in the environment; wins over the file.
#[derive(Debug, Clone, Default)]
pub struct Given {
    /// `--data-dir`
    pub data_dir: Option<PathBuf>,
    /// `--mqtt-listen`, any number
    pub mqtt_listen: Vec<String>,
    /// `--api-listen`
    pub api_listen: Option<String>,
    /// `--api-tls`
    pub api_tls: bool,
    /// `--hostname`, any number
    pub hostnames: Vec<String>,
    /// `--account`
    pub account: Option<String>,
    /// `--region`
    pub region: Option<String>,
    /// `--ready-file`
    pub ready_file: Option<PathBuf>,
    /// `--accept-clock-until`
    pub accept_clock_until: Option<String>,
}

/// Checked values, all of them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Directory of everything that the server keeps.
    pub data_dir: PathBuf,
    /// Addresses of the device gateway.
    pub mqtt_listen: MqttListen,
    /// Address of the control plane; port 0 picks a free one.
    pub api_listen: SocketAddr,
    /// Whether the control plane speaks TLS.
    pub api_tls: bool,
    /// Names and addresses in the server certificate; the first is the endpoint's name.
    pub hostnames: Vec<String>,
    /// Account and region.
    pub home: Home,
    /// Receives the bound addresses once everything listens.
    pub ready_file: Option<PathBuf>,
    /// Until when the wall clock is right however far it is ahead of the time seen last.
    pub accept_clock_until: Option<Instant>,
    /// The device gateway.
    pub mqtt: Mqtt,
    /// Certificates and keys.
    pub provisioning: Provisioning,
    /// Limits per claim certificate.
    pub claims: Claims,
    /// What the control plane takes on at once.
    pub control: Control,
    /// Where the input of bulk registration comes from.
    pub bulk: Bulk,
    /// How long the audit trail is kept.
    pub audit: Audit,
    /// Where hooks may run.
    pub hooks: Hooks,
    /// How functions run.
    pub functions: Functions,
    /// How issuers of tokens are asked.
    pub web_identity: WebIdentity,
}

/// A value is not usable. `Display` names the option, the value and the rule.
#[derive(Debug)]
pub struct SettingsError(pub(super) String);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for SettingsError {}

impl Settings {
    /// Merges and checks. `machine` is this machine's name, for the server certificate.
    pub fn resolve(
        given: Given,
        file: ConfigFile,
        machine: Option<String>,
    ) -> Result<Self, SettingsError> {
        let api_listen = given.api_listen.or(file.api_listen);
        let mqtt_listen = match given.mqtt_listen.is_empty() {
            true => MqttListen::read(file.mqtt_listen)?,
            false => MqttListen::read(Some(given.mqtt_listen.into()))?,
        };
        let api_listen = address("api-listen", api_listen.as_deref().unwrap_or("127.0.0.1:8080"))?;
        let api_tls = given.api_tls || file.api_tls.unwrap_or(false);
        if !api_listen.ip().is_loopback() && !api_tls {
            return Err(SettingsError(format!(
                "api-listen {api_listen} is not a loopback address, and the control plane would \
                 send private keys over plain HTTP. Listen on 127.0.0.1, or serve it over TLS \
                 with --api-tls"
            )));
        }
        let account = given.account.or(file.account).unwrap_or_else(|| "123456789012".into());
        let region = given.region.or(file.region).unwrap_or_else(|| "us-east-1".into());
        let home = Home {
            region: Region::parse(&region).map_err(|error| SettingsError(error.to_string()))?,
            account: AccountId::parse(&account)
                .map_err(|error| SettingsError(error.to_string()))?,
        };
        if !(1..=100_000).contains(&file.provisioning.key_pool_capacity) {
            return Err(SettingsError(format!(
                "key-pool-capacity {} is not within 1 to 100000",
                file.provisioning.key_pool_capacity
            )));
        }
        if !(1..=300).contains(&file.provisioning.claim_seconds) {
            return Err(SettingsError(format!(
                "claim-seconds {} is not within 1 to 300",
                file.provisioning.claim_seconds
            )));
        }
        file.mqtt.check().map_err(SettingsError)?;
        file.functions.check().map_err(SettingsError)?;
        file.hooks.check().map_err(SettingsError)?;
        if let Some(endpoint) = &file.bulk.s3_endpoint
            && !matches!(HookTarget::parse(endpoint), Ok(HookTarget::Url(_)))
        {
            return Err(SettingsError(format!(
                "[bulk] s3-endpoint '{endpoint}' must be https://HOST:PORT, or http:// on loopback"
            )));
        }
        if let Some(fault) = file.mqtt.fault().or_else(|| file.control.fault()) {
            return Err(SettingsError(fault));
        }
        let hostnames =
            if given.hostnames.is_empty() { file.hostnames } else { Some(given.hostnames) };
        Ok(Self {
            data_dir: given
                .data_dir
                .or(file.data_dir)
                .unwrap_or_else(|| "./fleetwright-data".into()),
            mqtt_listen,
            api_listen,
            api_tls,
            hostnames: hostnames.unwrap_or_else(|| default_hostnames(machine)),
            home,
            ready_file: given.ready_file,
            accept_clock_until: given.accept_clock_until.as_deref().map(day).transpose()?,
            mqtt: file.mqtt,
            provisioning: file.provisioning,
            claims: file.claims,
            control: file.control,
            bulk: file.bulk,
            audit: file.audit,
            hooks: file.hooks,
            functions: file.functions,
            web_identity: file.web_identity,
        })
    }
}

/// The end of a day, `YYYY-MM-DD`, in UTC.
fn day(text: &str) -> Result<Instant, SettingsError> {
    let parts: Vec<Option<i64>> = text.split('-').map(|part| part.parse().ok()).collect();
    let (Some(year), Some(month), Some(day)) = (match parts.as_slice() {
        [year, month, day] if text.len() == 10 => (*year, *month, *day),
        _ => (None, None, None),
    }) else {
        return Err(no_day(text));
    };
    if !(1970..=2049).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(no_day(text));
    }
    // Days since 1970 of a proleptic Gregorian date; years begin in March.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469;
    Ok(Instant((days + 1) * 24 * 60 * 60 * 1000))
}

fn no_day(text: &str) -> SettingsError {
    SettingsError(format!("accept-clock-until '{text}' is not a day such as 2027-01-31"))
}

fn default_hostnames(machine: Option<String>) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(String::from).into();
    names.extend(machine.filter(|name| !name.is_empty() && name != "localhost"));
    names
}

#[cfg(test)]
mod day_tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_utc() {
        for (text, seconds) in [
            ("1970-01-01", 86_400),
            ("2000-02-29", 951_868_800),
            ("2026-12-31", 1_798_761_600),
            ("2027-03-01", 1_803_945_600),
        ] {
            assert_eq!(day(text).unwrap(), Instant(seconds * 1000), "{text}");
        }
        for text in ["", "2026", "2026-1-1", "2026-13-01", "2026-12-32", "tomorrow", "20261-1-1"] {
            assert!(day(text).is_err(), "{text}");
        }
    }
}
