//! Certificate providers: who signs what devices ask for over MQTT, instead of our own CA.

mod create_certificate_provider;
mod delete_certificate_provider;
mod describe_certificate_provider;
mod list_certificate_providers;
mod update_certificate_provider;

use fleetwright_core::error::Refusal;
use fleetwright_core::names::CertificateProviderName;
use serde_json::json;

use super::members::{Members, invalid};
use super::{Answer, Operation, operation};
use crate::control::Control;

pub(super) const OPERATIONS: &[Operation] = &[
    operation!(create_certificate_provider),
    operation!(delete_certificate_provider),
    operation!(describe_certificate_provider),
    operation!(list_certificate_providers),
    operation!(update_certificate_provider),
];

/// The only operation that a provider can take over. AWS: `CertificateProviderOperation`.
const OPERATION: &str = "CreateCertificateFromCsr";

/// `accountDefaultForOperations`: exactly [`OPERATION`]; answers whether it is there.
fn operations(members: &Members<'_>) -> Result<bool, Refusal> {
    let found = members.list("accountDefaultForOperations", |at, item| {
        item.as_str().ok_or_else(|| invalid(format!("The member '{at}' must be a string.")))
    })?;
    match found.as_deref() {
        None => Ok(false),
        Some([OPERATION]) => Ok(true),
        Some(_) => Err(invalid(format!(
            "The member 'accountDefaultForOperations' must be [\"{OPERATION}\"]."
        ))),
    }
}

/// What creation and update answer.
fn answer(control: &Control, name: &CertificateProviderName) -> Answer {
    Answer::json(json!({
        "certificateProviderName": name.as_str(),
        "certificateProviderArn": control.home.arn("certificateprovider", name),
    }))
}
