//! The whole configuration as its keys have it.

use std::path::PathBuf;

use fleetwright_access::issuers;
use fleetwright_control::settings::Control;
use fleetwright_functions as functions;
use fleetwright_functions::hooks;
use fleetwright_gateway::settings::Mqtt;
use fleetwright_installation::{audit, issuance};
use fleetwright_provisioning::bulk::settings::Bulk;
use fleetwright_provisioning::settings::{Claims, Provisioning};
use fleetwright_services::{JobSettings, ShadowSettings};
use serde::{Deserialize, Serialize};

use super::endpoints::Endpoints;

/// Every key is optional; an option that was not given is absent until its default is known.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(super) struct Sections {
    pub(super) data_dir: Option<PathBuf>,
    pub(super) mqtt_listen: Option<Vec<String>>,
    pub(super) api_listen: Option<String>,
    pub(super) api_tls: Option<bool>,
    pub(super) hostnames: Option<Vec<String>>,
    pub(super) server_certificate: Option<Vec<PathBuf>>,
    pub(super) server_key: Option<Vec<PathBuf>>,
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) ready_file: Option<PathBuf>,
    pub(super) accept_clock_until: Option<String>,
    pub(super) log: Option<String>,
    pub(super) log_format: Option<String>,
    pub(super) endpoints: Endpoints,
    pub(super) mqtt: Mqtt,
    pub(super) jobs: JobSettings,
    pub(super) shadows: ShadowSettings,
    pub(super) provisioning: Provisioning,
    pub(super) issuance: issuance::Settings,
    pub(super) claims: Claims,
    pub(super) control: Control,
    pub(super) bulk: Bulk,
    pub(super) audit: audit::Settings,
    pub(super) hooks: hooks::Settings,
    pub(super) functions: functions::Settings,
    pub(super) web_identity: issuers::Settings,
}

impl Sections {
    /// Gives the options that were not given their defaults, where these are values.
    pub(super) fn with_defaults(mut self, machine: Option<String>) -> Self {
        self.data_dir.get_or_insert_with(|| "./fleetwright-data".into());
        self.api_listen.get_or_insert_with(|| "127.0.0.1:8080".into());
        self.api_tls.get_or_insert(false);
        self.hostnames.get_or_insert_with(|| default_hostnames(machine));
        self.account.get_or_insert_with(|| "123456789012".into());
        self.region.get_or_insert_with(|| "us-east-1".into());
        self.log.get_or_insert_with(|| "info".into());
        self.log_format.get_or_insert_with(|| "text".into());
        self
    }
}

fn default_hostnames(machine: Option<String>) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(String::from).into();
    names.extend(machine.filter(|name| !name.is_empty() && name != "localhost"));
    names
}
