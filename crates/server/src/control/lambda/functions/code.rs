//! Members that name a deployment package.

use fleetwright_core::error::Refusal;
use fleetwright_store::FunctionCode;

use crate::control::iot::members::{Members, invalid};
use crate::control::lambda::zip;

/// The package of `ZipFile`; other sources are refused.
pub(super) async fn package(members: &Members<'_>) -> Result<FunctionCode, Refusal> {
    for name in ["S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri", "SourceKMSKeyArn"] {
        if members.text(name)?.is_some() {
            return Err(invalid(format!(
                "The member '{name}' is not offered here: send the deployment package itself, \
                 as ZipFile (aws lambda … --zip-file fileb://FILE)."
            )));
        }
    }
    match members.text("ZipFile")? {
        Some(text) => zip::package(text).await,
        None => Err(invalid("Please provide a source for function code.")),
    }
}
