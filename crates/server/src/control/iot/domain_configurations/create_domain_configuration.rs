//! `CreateDomainConfiguration`: enabled from the start.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::DomainConfigurationName;
use fleetwright_store::{DomainConfiguration, DomainSettings};

use super::members::{authorizer_config, certificate, certificate_arn, settings, word};
use super::{SERVICE, answer};
use crate::control::Control;
use crate::control::identifiers;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::{Call, Outcome, tags};

pub(super) const NAME: &str = "CreateDomainConfiguration";

/// Characters of a domain's name. AWS: shape `DomainName`.
const DOMAIN_CHARS: std::ops::RangeInclusive<usize> = 1..=253;
/// Characters that end a domain configuration's ARN.
const SUFFIX_CHARS: usize = 5;

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
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
    let id = identifiers::fresh()?.to_string();
    let new = DomainConfiguration {
        name,
        suffix: id.chars().take(SUFFIX_CHARS).collect(),
        enabled: true,
        domain_name,
        default_authorizer,
        settings,
        status_changed: (control.clock)(),
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
    let certificates = members.list("serverCertificateArns", |at, item| {
        let text = item.as_str();
        let text = text.ok_or_else(|| invalid(format!("The member '{at}' must be a string.")))?;
        certificate_arn(at, text)
    })?;
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
