//! What the server runs with: file, command line and defaults, merged and checked.

use std::net::SocketAddr;
use std::path::PathBuf;

use fleetwright_access::issuers;
use fleetwright_control::settings::Control;
use fleetwright_core::arn::AccountScope;
use fleetwright_core::configuration::Conflict;
use fleetwright_core::names::{AccountId, Region};
use fleetwright_core::time::{Timestamp, last_moment_of as day};
use fleetwright_functions as functions;
use fleetwright_functions::hooks;
use fleetwright_gateway::EndpointNames;
use fleetwright_gateway::settings::Mqtt;
use fleetwright_host::tls::PairFiles;
use fleetwright_installation::audit;
use fleetwright_provisioning::bulk::settings::Bulk;
use fleetwright_provisioning::settings::{Claims, Provisioning};
use fleetwright_services::{JobSettings, ShadowSettings};
use toml::{Table, Value};

use super::endpoints::HttpsListen;
use super::error::unusable;
use super::listen::{MqttListen, address};
use super::pairs::pairs;
use super::sections::Sections;
use super::values::Values;
use super::{ConfigError, LogFilter};
use crate::telemetry::LogFormat;

/// Checked values, all of them.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Directory of everything that the server keeps.
    pub data_dir: PathBuf,
    /// Addresses of the device gateway.
    pub mqtt_listen: MqttListen,
    /// Addresses of HTTPS beside them.
    pub https_listen: HttpsListen,
    /// Names of the endpoints.
    pub endpoints: EndpointNames,
    /// Address of the control plane; port 0 picks a free one.
    pub api_listen: SocketAddr,
    /// Whether the control plane speaks TLS.
    pub api_tls: bool,
    /// Names and addresses in the server certificate; the first is the endpoint's name.
    pub hostnames: Vec<String>,
    /// The administrator's own certificates, which are presented for their names.
    pub server_certificates: Vec<PairFiles>,
    /// Account and region.
    pub scope: AccountScope,
    /// Receives the bound addresses once everything listens.
    pub ready_file: Option<PathBuf>,
    /// Until when the wall clock is right however far it is ahead of the time seen last.
    pub accept_clock_until: Option<Timestamp>,
    /// What is logged.
    pub log: LogFilter,
    /// In which form.
    pub log_format: LogFormat,
    /// The device gateway.
    pub mqtt: Mqtt,
    /// Certificates and keys.
    pub provisioning: Provisioning,
    /// Seconds that a device's certificate is valid; until the end of 2049 without.
    pub validity: Option<i64>,
    /// Limits per claim certificate.
    pub claims: Claims,
    /// What the control plane takes on at once.
    pub control: Control,
    /// Where the input of bulk registration comes from.
    pub bulk: Bulk,
    /// How long the audit trail is kept.
    pub audit: audit::Settings,
    /// Where hooks may run.
    pub hooks: hooks::Settings,
    /// How functions run.
    pub functions: functions::Settings,
    /// How issuers of tokens are asked.
    pub web_identity: issuers::Settings,
    /// Jobs.
    pub jobs: JobSettings,
    /// Shadows.
    pub shadows: ShadowSettings,
}

impl Settings {
    /// From values that are fine each by itself.
    ///
    /// # Errors
    /// Values that cannot be used together.
    pub(super) fn resolve(given: &Sections, values: &Values) -> Result<Self, ConfigError> {
        let mut faults: Vec<String> =
            conflicts(given).into_iter().map(|it| unusable_together(given, values, &it)).collect();
        let mut conflict = |key, why| {
            faults.push(unusable_together(given, values, &Conflict { key, why }));
        };
        let mqtt_listen = MqttListen::read(given.mqtt_listen.as_deref());
        let mqtt_listen = mqtt_listen.map_err(|why| conflict("mqtt-listen", why)).ok();
        let pairs = pairs(given.server_certificate.as_deref(), given.server_key.as_deref());
        let server_certificates = pairs.map_err(|why| conflict("server-certificate", why)).ok();
        let api_listen = given.api_listen.as_deref().and_then(address);
        let api_tls = given.api_tls.unwrap_or_default();
        if let Some(address) = api_listen
            && !address.ip().is_loopback()
            && !api_tls
        {
            conflict(
                "api-listen",
                format!(
                    "{address} is not a loopback address, and the control plane would send private \
                     keys over plain HTTP. Listen on 127.0.0.1, or serve it over TLS with --api-tls"
                ),
            );
        }
        let region = given.region.as_deref().and_then(|text| Region::parse(text).ok());
        let account = given.account.as_deref().and_then(|text| AccountId::parse(text).ok());
        let (Some(mqtt_listen), Some(api_listen), Some(region), Some(account), true) =
            (mqtt_listen, api_listen, region, account, faults.is_empty())
        else {
            return Err(ConfigError(faults));
        };
        Ok(Self {
            data_dir: given.data_dir.clone().unwrap_or_default(),
            mqtt_listen,
            https_listen: given.endpoints.listen(),
            endpoints: given.endpoints.names(given.hostnames.as_deref().unwrap_or_default()),
            api_listen,
            api_tls,
            hostnames: given.hostnames.clone().unwrap_or_default(),
            server_certificates: server_certificates.unwrap_or_default(),
            scope: AccountScope { region, account },
            ready_file: given.ready_file.clone(),
            accept_clock_until: given.accept_clock_until.as_deref().and_then(day),
            log: LogFilter::new(given.log.clone().unwrap_or_default()),
            log_format: match given.log_format.as_deref() {
                Some("json") => LogFormat::Json,
                _ => LogFormat::Text,
            },
            mqtt: given.mqtt.clone(),
            provisioning: given.provisioning.clone(),
            validity: given.issuance.seconds(),
            claims: given.claims.clone(),
            control: given.control.clone(),
            bulk: given.bulk.clone(),
            audit: given.audit,
            hooks: given.hooks.clone(),
            functions: given.functions.clone(),
            web_identity: given.web_identity.clone(),
            jobs: given.jobs.clone(),
            shadows: given.shadows.clone(),
        })
    }
}

impl Settings {
    /// The names in the server's certificate: those that were given, and the endpoints'.
    pub fn certificate_names(&self) -> Vec<String> {
        let mut names = self.hostnames.clone();
        let EndpointNames { data, credentials, jobs } = &self.endpoints;
        for name in [data, credentials, jobs] {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        names
    }
}

fn conflicts(given: &Sections) -> Vec<Conflict> {
    let Sections { endpoints, mqtt, control, bulk, functions, .. } = given;
    let all = [
        endpoints.conflict(),
        mqtt.conflict(),
        control.conflict(),
        bulk.conflict(),
        functions.conflict(),
    ];
    all.into_iter().flatten().collect()
}

/// A value that conflicts with others, with the place where it was given.
fn unusable_together(given: &Sections, values: &Values, conflict: &Conflict) -> String {
    let path: Vec<String> = conflict.key.split('.').map(str::to_owned).collect();
    let mut value = Table::try_from(given).map(Value::Table).ok();
    for name in &path {
        value = value.and_then(|table| table.get(name).cloned());
    }
    let value = value.unwrap_or(Value::String(String::new()));
    unusable(&values.origin(&path), &path, &value, &conflict.why)
}

/// A day, `YYYY-MM-DD`.
pub(super) fn day_rule(text: &str) -> Result<(), String> {
    day(text).map(|_| ()).ok_or_else(|| "a day such as 2027-01-31".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_ends_at_midnight_in_utc() {
        for (text, seconds) in [
            ("1970-01-01", 86_400),
            ("2000-02-29", 951_868_800),
            ("2026-12-31", 1_798_761_600),
            ("2027-03-01", 1_803_945_600),
        ] {
            assert_eq!(day(text).unwrap(), Timestamp(seconds * 1000), "{text}");
        }
        for text in [
            "",
            "2026",
            "2026-02-29",
            "2026-1-1",
            "2026-13-01",
            "2026-12-32",
            "tomorrow",
            "20261-1-1",
        ] {
            assert!(day(text).is_none(), "{text}");
        }
    }
}
