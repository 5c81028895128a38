//! `[bulk]`: where the input of bulk registration comes from.

use std::path::PathBuf;

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

pub(super) const KEYS: &[&str] = &["directory", "s3-endpoint", "s3-region", "s3-credentials-file"];
