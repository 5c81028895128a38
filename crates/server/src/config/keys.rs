//! Every key of the file, and those that the environment and the command line share with it.

use fleetwright_access::issuers;
use fleetwright_control::settings::Control;
use fleetwright_core::configuration::{Key, Takes};
use fleetwright_core::names::{AccountId, Region};
use fleetwright_functions as functions;
use fleetwright_functions::hooks;
use fleetwright_gateway::settings::Mqtt;
use fleetwright_host::named_files;
use fleetwright_host::tls::PAIRS;
use fleetwright_installation::{audit, issuance};
use fleetwright_provisioning::bulk::settings::Bulk;
use fleetwright_provisioning::settings::{Claims, Provisioning};
use fleetwright_services::{JobSettings, ShadowSettings};

use super::endpoints::Endpoints;
use super::listen::{ADDRESSES, address_rule, hostname};
use super::log_filter;
use super::settings::day_rule;

/// Names in the server's certificate, at most. (ours)
const HOSTNAMES: usize = 100;

/// The whole file.
pub(super) const KEYS: &[Key] = &[
    Key::new("data-dir", Takes::File(named_files::directory_to_make)),
    Key::new("mqtt-listen", Takes::List(1, ADDRESSES, &Takes::Text(address_rule))),
    Key::new("api-listen", Takes::Text(address_rule)),
    Key::new("api-tls", Takes::Flag),
    Key::new("hostnames", Takes::List(1, HOSTNAMES, &Takes::Text(hostname))),
    Key::new("server-certificate", Takes::List(1, PAIRS, &Takes::File(named_files::readable))),
    Key::new("server-key", Takes::List(1, PAIRS, &Takes::File(named_files::readable))),
    Key::new("account", Takes::Text(account)),
    Key::new("region", Takes::Text(region)),
    Key::new("ready-file", Takes::File(named_files::file_to_write)),
    Key::new("accept-clock-until", Takes::Text(day_rule)),
    Key::new("log", Takes::Text(log_filter::rule)),
    Key::new("log-format", Takes::OneOf(&["text", "json"])),
    Key::new("endpoints", Takes::Section(Endpoints::KEYS)),
    Key::new("mqtt", Takes::Section(Mqtt::KEYS)),
    Key::new("jobs", Takes::Section(JobSettings::KEYS)),
    Key::new("shadows", Takes::Section(ShadowSettings::KEYS)),
    Key::new("provisioning", Takes::Section(Provisioning::KEYS)),
    Key::new("issuance", Takes::Section(issuance::Settings::KEYS)),
    Key::new("claims", Takes::Section(Claims::KEYS)),
    Key::new("control", Takes::Section(Control::KEYS)),
    Key::new("bulk", Takes::Section(Bulk::KEYS)),
    Key::new("hooks", Takes::Section(hooks::Settings::KEYS)),
    Key::new("functions", Takes::Section(functions::Settings::KEYS)),
    Key::new("audit", Takes::Section(audit::Settings::KEYS)),
    Key::new("web-identity", Takes::Section(issuers::Settings::KEYS)),
];

/// The key of this name outside the sections.
pub(super) fn option(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name && !matches!(key.takes, Takes::Section(_)))
}

/// The environment variables of the options, with their keys.
pub(super) fn variables() -> impl Iterator<Item = (String, &'static Key)> {
    let options = KEYS.iter().filter(|key| !matches!(key.takes, Takes::Section(_)));
    options.map(|key| {
        // One name is one variable, and several are separated by commas.
        let name = if key.name == "hostnames" { "hostname" } else { key.name };
        (format!("FLEETWRIGHT_{}", name.replace('-', "_").to_uppercase()), key)
    })
}

fn account(text: &str) -> Result<(), String> {
    AccountId::parse(text).map(|_| ()).map_err(|_| "an account id, twelve digits".to_owned())
}

fn region(text: &str) -> Result<(), String> {
    Region::parse(text).map(|_| ()).map_err(|_| "a region such as eu-central-1".to_owned())
}
