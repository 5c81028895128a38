//! `[bulk]`: where the input of bulk registration comes from.

use std::path::PathBuf;

use fleetwright_core::configuration::{self, Conflict, Key, Takes};
use fleetwright_core::url::Url;
use fleetwright_host::named_files;
use serde::{Deserialize, Serialize};

/// Sources of input files; without any of them no task finds its input.
///
/// `inputFileBucket` names a directory inside `directory` if there is one of that name, a bucket of
/// the S3 endpoint otherwise.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Bulk {
    /// A directory whose directories are buckets.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub directory: Option<PathBuf>,
    /// An S3-compatible endpoint: `https://…`, or `http://` on loopback.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_endpoint: Option<String>,
    /// The region to sign for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_region: Option<String>,
    /// A file with `aws_access_key_id = …` and `aws_secret_access_key = …`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s3_credentials_file: Option<PathBuf>,
}

impl Bulk {
    /// The keys of its section.
    pub const KEYS: &[Key] = &[
        Key::new("directory", Takes::File(named_files::directory)),
        Key::new("s3-endpoint", Takes::Text(endpoint)),
        Key::new("s3-region", Takes::Text(configuration::not_empty)),
        Key::new("s3-credentials-file", Takes::File(named_files::access_key)),
    ];

    /// Whether URLs of the store can be signed.
    pub fn can_presign(&self) -> bool {
        self.s3_endpoint.is_some() && self.s3_credentials_file.is_some()
    }

    /// What cannot be used together.
    pub fn conflict(&self) -> Option<Conflict> {
        let belongs = |key| Conflict {
            key,
            why: "it belongs to s3-endpoint; give that too, or remove it".to_owned(),
        };
        match self {
            Self { s3_endpoint: Some(_), .. } => None,
            Self { s3_region: Some(_), .. } => Some(belongs("bulk.s3-region")),
            Self { s3_credentials_file: Some(_), .. } => Some(belongs("bulk.s3-credentials-file")),
            _ => None,
        }
    }
}

fn endpoint(text: &str) -> Result<(), String> {
    let allowed = |_| "https://HOST:PORT, or http:// on loopback".to_owned();
    Url::parse(text).map(|_| ()).map_err(allowed)
}
