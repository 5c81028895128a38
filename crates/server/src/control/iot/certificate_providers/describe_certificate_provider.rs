//! `DescribeCertificateProvider`.

use fleetwright_core::names::CertificateProviderName;
use serde_json::json;

use super::OPERATION;
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeCertificateProvider";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("certificateProviderName", CertificateProviderName::parse)?;
    let found = control.store.certificate_provider(&name).await?;
    let found = found.ok_or_else(|| not_found("certificate provider", &name))?;
    Ok(Answer::json(json!({
        "certificateProviderName": found.name.as_str(),
        "certificateProviderArn": control.home.arn("certificateprovider", &found.name),
        "lambdaFunctionArn": found.function_arn,
        "accountDefaultForOperations": [OPERATION],
        "creationDate": found.created.epoch_seconds(),
        "lastModifiedDate": found.modified.epoch_seconds(),
    })))
}
