//! `DescribeCACertificate`.

use fleetwright_core::certificate::CertificateId;
use fleetwright_store::RegistrationConfig;
use serde_json::{Map, Value, json};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeCACertificate";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let id = call.label("caCertificateId", CertificateId::parse)?;
    let found = control.store.ca_certificate(id).await?;
    let found = found.ok_or_else(|| not_found("CA certificate", id))?;
    Ok(Answer::json(json!({
        "certificateDescription": {
            "certificateArn": control.home.arn("cacert", id),
            "certificateId": id.to_string(),
            "status": found.status.as_str(),
            "certificatePem": fleetwright_ca::pem(&found.der),
            "ownedBy": control.home.account.as_str(),
            "creationDate": found.created.epoch_seconds(),
            "autoRegistrationStatus": if found.auto_registration { "ENABLE" } else { "DISABLE" },
            "lastModifiedDate": found.modified.epoch_seconds(),
            "customerVersion": found.version,
            "generationId": found.generation.to_string(),
            "validity": {
                "notBefore": found.not_before.epoch_seconds(),
                "notAfter": found.not_after.epoch_seconds(),
            },
            "certificateMode": found.mode.as_str(),
        },
        "registrationConfig": config(found.config),
    })))
}

/// Without members the CA has none.
fn config(config: RegistrationConfig) -> Value {
    let members = [
        ("templateName", config.template_name.map(String::from)),
        ("templateBody", config.template_body),
        ("roleArn", config.role_arn),
    ];
    let members: Map<_, _> = members
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
        .collect();
    if members.is_empty() { Value::Null } else { Value::Object(members) }
}
