//! `[web-identity]`: OpenID Connect issuers.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Whom to trust when the keys of an issuer are fetched.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct WebIdentity {
    /// PEM file of the CAs to trust for `https://` issuers, beside the system's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

pub(super) const KEYS: &[&str] = &["ca-file"];
