//! What a domain configuration is made of, read and shown.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::AuthorizerName;
use fleetwright_core::text::shown;
use fleetwright_store::DomainSettings;

use crate::Control;
use crate::iot::functions::function;
use crate::rest::members::{Members, invalid};

/// Characters of a certificate's ARN. AWS: shape `AcmCertificateArn`.
const CERTIFICATE_ARN_CHARS: std::ops::RangeInclusive<usize> = 1..=2048;
/// Characters of a security policy's name. AWS: shape `SecurityPolicy`.
const SECURITY_POLICY_CHARS: usize = 128;
/// AWS: `AuthenticationType`.
const AUTHENTICATION_TYPES: &[&str] =
    &["CUSTOM_AUTH_X509", "CUSTOM_AUTH", "AWS_X509", "AWS_SIGV4", "DEFAULT"];
/// AWS: `ApplicationProtocol`.
const APPLICATION_PROTOCOLS: &[&str] = &["SECURE_MQTT", "MQTT_WSS", "HTTPS", "DEFAULT"];

/// `authorizerConfig`: the default authorizer, and whether a client may name another.
type AuthorizerConfig = (Option<AuthorizerName>, Option<bool>);

/// Reads `authorizerConfig`.
pub(super) fn authorizer_config(
    members: &Members<'_>,
) -> Result<Option<AuthorizerConfig>, Refusal> {
    members.object("authorizerConfig", |config| {
        let name = config.optional("defaultAuthorizerName", AuthorizerName::parse)?;
        Ok((name, config.flag("allowAuthorizerOverride")?))
    })
}

/// The settings that a request names; the others are as in `Default`.
pub(super) fn settings(
    control: &Control,
    members: &Members<'_>,
) -> Result<DomainSettings, Refusal> {
    let mut settings = DomainSettings::default();
    members.object("tlsConfig", |tls| {
        let policy = tls.bounded_text("securityPolicy", SECURITY_POLICY_CHARS)?;
        settings.security_policy = policy.map(str::to_owned);
        Ok(())
    })?;
    members.object("serverCertificateConfig", |config| {
        settings.ocsp_check = config.flag("enableOCSPCheck")?;
        settings.ocsp_function = function(control, &config, "ocspLambdaArn")?;
        settings.ocsp_responder = certificate(&config, "ocspAuthorizedResponderArn")?;
        Ok(())
    })?;
    members.object("clientCertificateConfig", |config| {
        settings.client_certificate_callback =
            function(control, &config, "clientCertificateCallbackArn")?;
        Ok(())
    })?;
    settings.authentication_type = word(members, "authenticationType", AUTHENTICATION_TYPES)?;
    settings.application_protocol = word(members, "applicationProtocol", APPLICATION_PROTOCOLS)?;
    Ok(settings)
}

/// Takes over what a request names.
pub(super) fn merge(kept: &mut DomainSettings, named: DomainSettings) {
    let DomainSettings {
        server_certificates: _,
        validation_certificate: _,
        allow_authorizer_override: _,
        security_policy,
        ocsp_check,
        ocsp_function,
        ocsp_responder,
        authentication_type,
        application_protocol,
        client_certificate_callback,
    } = named;
    kept.security_policy = security_policy.or(kept.security_policy.take());
    kept.ocsp_check = ocsp_check.or(kept.ocsp_check);
    kept.ocsp_function = ocsp_function.or(kept.ocsp_function.take());
    kept.ocsp_responder = ocsp_responder.or(kept.ocsp_responder.take());
    kept.authentication_type = authentication_type.or(kept.authentication_type.take());
    kept.application_protocol = application_protocol.or(kept.application_protocol.take());
    kept.client_certificate_callback =
        client_certificate_callback.or(kept.client_certificate_callback.take());
}

/// A certificate of AWS's Certificate Manager, by ARN.
pub(super) fn certificate(members: &Members<'_>, name: &str) -> Result<Option<String>, Refusal> {
    members.text(name)?.map(|text| certificate_arn(name, text)).transpose()
}

/// Checks the form of a certificate's ARN.
pub(super) fn certificate_arn(name: &str, text: &str) -> Result<String, Refusal> {
    let valid = text.split_once(":certificate/").is_some_and(|(head, id)| {
        let head: Vec<&str> = head.split(':').collect();
        matches!(head.as_slice(), ["arn", partition, "acm", region, account]
            if partition.starts_with("aws") && !region.is_empty() && account.len() == 12
                && account.bytes().all(|b| b.is_ascii_digit()))
            && !id.is_empty()
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-'))
    });
    if valid && CERTIFICATE_ARN_CHARS.contains(&text.len()) {
        return Ok(text.to_owned());
    }
    let shown = shown(text);
    Err(invalid(format!(
        "The member '{name}' is not valid: '{shown}' must be of the form \
         arn:aws:acm:REGION:ACCOUNT:certificate/ID."
    )))
}

/// A word of a closed list.
pub(super) fn word(
    members: &Members<'_>,
    name: &str,
    words: &[&str],
) -> Result<Option<String>, Refusal> {
    match members.text(name)? {
        None => Ok(None),
        Some(text) if words.contains(&text) => Ok(Some(text.to_owned())),
        Some(_) => {
            Err(invalid(format!("The member '{name}' must be one of {}.", words.join(", "))))
        }
    }
}
