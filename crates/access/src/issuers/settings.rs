//! `[web-identity]`: OpenID Connect issuers.

use std::path::PathBuf;

use fleetwright_core::configuration::{Key, Takes};
use fleetwright_host::named_files;
use serde::{Deserialize, Serialize};

/// The roots to trust when the keys of an issuer are fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Settings {
    /// PEM file of the CAs to trust for `https://` issuers, beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

impl Settings {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[Key::new("ca-file", Takes::File(named_files::certificates))];
}
