//! Domain configurations.

use fleetwright_core::authorization::{Authorized, Member};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::DomainConfigurationName;
use fleetwright_core::text::cut;
use fleetwright_host::random;
use fleetwright_store::{DomainConfiguration, DomainConfigurationUpdate, DomainSettings};
use serde_json::{Map, Value, json};

use crate::Control;
use crate::authorize::Resource;
use crate::iot::domain_members::{
    authorizer_config, certificate, certificate_arn, merge, settings, word,
};
use crate::operation::operation;
use crate::rest::members::{Members, invalid, text_item};
use crate::rest::page::MARKER;
use crate::rest::{Answer, Call, Operation, Outcome, not_found, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateDomainConfiguration", create_domain_configuration),
    operation!("DescribeDomainConfiguration", describe_domain_configuration),
    operation!("UpdateDomainConfiguration", update_domain_configuration),
    operation!("DeleteDomainConfiguration", delete_domain_configuration),
    operation!("ListDomainConfigurations", list_domain_configurations),
];

/// The only service behind a domain configuration. AWS: "currently only DATA".
const SERVICE: &str = "DATA";

fn arn(control: &Control, found: &DomainConfiguration) -> String {
    found.arn(&control.scope)
}

/// The response of creation and update.
fn answer(control: &Control, found: &DomainConfiguration) -> Answer {
    Answer::json(json!({
        "domainConfigurationName": found.name.as_str(),
        "domainConfigurationArn": arn(control, found),
    }))
}

/// Characters of a domain's name. AWS: shape `DomainName`.
const DOMAIN_CHARS: std::ops::RangeInclusive<usize> = 1..=253;
/// Characters that end a domain configuration's ARN.
const SUFFIX_CHARS: usize = 5;

/// `CreateDomainConfiguration`: enabled from the start.
async fn create_domain_configuration(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Read.
    let name = call.label("domainConfigurationName", DomainConfigurationName::parse)?;
    let body = call.object()?;
    let members = body.members();
    word(&members, "serviceType", &[SERVICE])?;
    let (default_authorizer, allow_override) = authorizer_config(&members)?.unwrap_or_default();
    let mut settings = settings(control, &members)?;
    settings.allow_authorizer_override = allow_override;
    let domain_name = own_domain(&members, &mut settings)?;
    // 2. Keep.
    let id = random::uuid()?.to_string();
    let new = DomainConfiguration {
        name,
        suffix: cut(&id, SUFFIX_CHARS).to_owned(),
        enabled: true,
        domain_name,
        default_authorizer,
        settings,
        status_changed: control.now(),
    };
    control.store.create_domain_configuration(new.clone(), tags::tags(&members)?).await?;
    // 3. Answer.
    Ok(answer(control, &new))
}

/// A domain of the customer's own comes with its certificate, and the other way round.
fn own_domain(
    members: &Members<'_>,
    settings: &mut DomainSettings,
) -> Result<Option<String>, Refusal> {
    let name = members.text("domainName")?;
    if let Some(name) = name
        && !(DOMAIN_CHARS.contains(&name.len())
            && name.split('.').all(|label| !label.is_empty())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'*')))
    {
        return Err(invalid(
            "The member 'domainName' must be a domain name of at most 253 characters.",
        ));
    }
    let certificates = members
        .list("serverCertificateArns", |at, item| certificate_arn(at, text_item(at, item)?))?;
    settings.server_certificates = certificates.unwrap_or_default();
    settings.validation_certificate = certificate(members, "validationCertificateArn")?;
    match (name, settings.server_certificates.as_slice()) {
        (Some(_), [_]) | (None, []) => Ok(name.map(str::to_owned)),
        (_, [_, _, ..]) => {
            Err(invalid("The member 'serverCertificateArns' must name one certificate only."))
        }
        _ => Err(invalid(
            "The members 'domainName' and 'serverCertificateArns' come together: a domain of \
             your own needs a certificate for it.",
        )),
    }
}

/// `DescribeDomainConfiguration`.
async fn describe_domain_configuration(control: &Control, call: &Authorized<Call>) -> Outcome {
    let found = stored(call)?;
    let endpoint = control.endpoints.data.split(':').next().unwrap_or_default();
    let certificates = found.settings.server_certificates.iter();
    let certificates: Vec<Value> =
        certificates.map(|arn| server_certificate(control, found, arn)).collect();
    let own = found.domain_name.is_some();
    Ok(Answer::json(json!({
        "domainConfigurationName": found.name.as_str(),
        "domainConfigurationArn": arn(control, found),
        "domainName": found.domain_name.as_deref().unwrap_or(endpoint),
        "serverCertificates": certificates,
        "domainConfigurationStatus": if found.enabled { "ENABLED" } else { "DISABLED" },
        "serviceType": SERVICE,
        "domainType": if own { "CUSTOMER_MANAGED" } else { "AWS_MANAGED" },
        "lastStatusChangeDate": found.status_changed.epoch_seconds(),
        "authenticationType": found.settings.authentication_type,
        "applicationProtocol": found.settings.application_protocol,
        "authorizerConfig": shown_authorizer_config(found),
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

/// There is no Certificate Manager whose certificate could be presented: an ARN stands for the
/// certificate that the server's configuration has for this domain, and is valid where there is one.
fn server_certificate(control: &Control, found: &DomainConfiguration, arn: &str) -> Value {
    let domain = found.domain_name.as_deref().unwrap_or_default();
    if (control.has_certificate_for)(domain) {
        return json!({"serverCertificateArn": arn, "serverCertificateStatus": "VALID"});
    }
    json!({
        "serverCertificateArn": arn,
        "serverCertificateStatus": "INVALID",
        "serverCertificateStatusDetail": format!(
            "There is no Certificate Manager here, and this server's configuration has no \
             certificate for {domain}: clients are given the one of its own CA. Set \
             server-certificate and server-key (docs/certificates.md)."
        ),
    })
}

fn shown_authorizer_config(found: &DomainConfiguration) -> Value {
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

/// `UpdateDomainConfiguration`: the members that are present.
async fn update_domain_configuration(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Read.
    call.label("domainConfigurationName", DomainConfigurationName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let status = word(&members, "domainConfigurationStatus", &["ENABLED", "DISABLED"])?;
    let named = settings(control, &members)?;
    let config = authorizer_config(&members)?;
    let remove = members.flag("removeAuthorizerConfig")?.unwrap_or(false);
    if remove && config.is_some() {
        return Err(invalid(
            "The members 'authorizerConfig' and 'removeAuthorizerConfig' exclude one another.",
        )
        .into());
    }
    // 2. Keep.
    let (authorizer, allow_override) = match config {
        Some((name, allow)) => (Some(name), Some(allow)),
        None => (remove.then_some(None), remove.then_some(None)),
    };
    let update = DomainConfigurationUpdate {
        enabled: status.map(|status| status == "ENABLED"),
        default_authorizer: authorizer,
        settings: Box::new(move |kept| {
            if let Some(allow) = allow_override {
                kept.allow_authorizer_override = allow;
            }
            merge(kept, named);
        }),
    };
    let found = stored(call)?.clone();
    let found = control.store.update_domain_configuration(found, update, control.now()).await?;
    // 3. Answer.
    Ok(answer(control, &found))
}

/// `DeleteDomainConfiguration`: one that is `DISABLED`.
async fn delete_domain_configuration(control: &Control, call: &Authorized<Call>) -> Outcome {
    control.store.delete_domain_configuration(stored(call)?.clone()).await?;
    Ok(Answer::empty())
}

/// `ListDomainConfigurations`, by name; of one `serviceType` if present.
async fn list_domain_configurations(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, DomainConfigurationName::parse)?;
    match call.query_text("serviceType")? {
        None | Some(SERVICE) => {}
        // Only DATA has configurations.
        Some("CREDENTIAL_PROVIDER" | "JOBS") => {
            return Ok(Answer::list("domainConfigurations", std::iter::empty(), &MARKER, None));
        }
        Some(_) => {
            let rule =
                "The query parameter 'serviceType' must be DATA, CREDENTIAL_PROVIDER or JOBS.";
            return Err(invalid(rule).into());
        }
    }
    let found = control.store.list_domain_configurations(after, page.size).await?;
    let items = found.items.iter().map(|found| {
        json!({
            "domainConfigurationName": found.name.as_str(),
            "domainConfigurationArn": arn(control, found),
            "serviceType": SERVICE,
        })
    });
    let next = found.next.as_ref().map(DomainConfigurationName::as_str);
    Ok(Answer::list("domainConfigurations", items, &MARKER, next))
}

/// The domain configuration of the path, as authorization found it.
fn stored(call: &Call) -> Result<&DomainConfiguration, Refusal> {
    let label = "domainConfigurationName";
    let name = call.label(label, DomainConfigurationName::parse)?;
    match call.found.get(Member::Label(label)) {
        Some(Resource::Domain(found)) => Ok(found),
        _ => Err(not_found("domain configuration", name)),
    }
}
