//! `DescribeDomainConfiguration`.

use fleetwright_core::names::DomainConfigurationName;
use fleetwright_store::DomainConfiguration;
use serde_json::{Map, Value, json};

use super::{SERVICE, arn};
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "DescribeDomainConfiguration";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("domainConfigurationName", DomainConfigurationName::parse)?;
    let found = control.store.domain_configuration(&name).await?;
    let found = found.ok_or_else(|| not_found("domain configuration", &name))?;
    let endpoint = control.endpoint.split(':').next().unwrap_or_default();
    let certificates = found.settings.server_certificates.iter();
    let certificates: Vec<Value> = certificates
        .map(|arn| json!({"serverCertificateArn": arn, "serverCertificateStatus": "VALID"}))
        .collect();
    let own = found.domain_name.is_some();
    Ok(Answer::json(json!({
        "domainConfigurationName": found.name.as_str(),
        "domainConfigurationArn": arn(control, &found),
        "domainName": found.domain_name.as_deref().unwrap_or(endpoint),
        "serverCertificates": certificates,
        "domainConfigurationStatus": if found.enabled { "ENABLED" } else { "DISABLED" },
        "serviceType": SERVICE,
        "domainType": if own { "CUSTOMER_MANAGED" } else { "AWS_MANAGED" },
        "lastStatusChangeDate": found.status_changed.epoch_seconds(),
        "authenticationType": found.settings.authentication_type,
        "applicationProtocol": found.settings.application_protocol,
        "authorizerConfig": authorizer_config(&found),
        "tlsConfig": object([("securityPolicy", json!(found.settings.security_policy))]),
        "serverCertificateConfig": object([
            ("enableOCSPCheck", json!(found.settings.ocsp_check)),
            ("ocspLambdaArn", json!(found.settings.ocsp_function)),
            ("ocspAuthorizedResponderArn", json!(found.settings.ocsp_responder)),
        ]),
        "clientCertificateConfig": object([(
            "clientCertificateCallbackArn",
            json!(found.settings.client_certificate_callback),
        )]),
    })))
}

fn authorizer_config(found: &DomainConfiguration) -> Value {
    let name = found.default_authorizer.as_ref().map(|name| name.as_str());
    object([
        ("defaultAuthorizerName", json!(name)),
        ("allowAuthorizerOverride", json!(found.settings.allow_authorizer_override)),
    ])
}

/// An object of what is set; `null`, which is left out, when nothing is.
fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let set = members.into_iter().filter(|(_, value)| !value.is_null());
    let set: Map<String, Value> = set.map(|(name, value)| (name.to_owned(), value)).collect();
    if set.is_empty() { Value::Null } else { Value::Object(set) }
}
