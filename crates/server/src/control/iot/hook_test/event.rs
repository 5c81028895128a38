//! The event of a rehearsal: recorded, sent along, or made up.

use std::collections::BTreeMap;

use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_core::hook::HookRequest;
use fleetwright_core::limits::{
    PARAMETER_KEY_CHARS, PARAMETER_VALUE_CHARS, PAYLOAD_BYTES, REGISTER_PARAMETERS,
};
use fleetwright_core::names::TemplateName;

use crate::control::Control;
use crate::control::iot::members::{Members, invalid, sentence};
use crate::control::iot::not_found;
use crate::provisioning::Rehearsal;

/// Client id of a made-up event.
const CLIENT_ID: &str = "hook-test";
/// Characters of a client id. AWS: 128.
const CLIENT_ID_CHARS: usize = 128;
/// Characters of a certificate in PEM. AWS: shape `CertificatePem`.
const PEM_CHARS: usize = 65_536;

/// Reads `event` or `auditRequestId`, and puts `parameters` and `clientId` over it. What nobody
/// says is made up: the certificate of this server's root stands for that of a device.
pub(super) fn read(
    control: &Control,
    template: &TemplateName,
    members: &Members<'_>,
) -> Result<Rehearsal, Refusal> {
    let template_arn = control.home.arn("provisioningtemplate", template);
    let given = members.object("event", |event| sent(control, &event))?;
    let mut event = match (given, members.text("auditRequestId")?) {
        (Some(_), Some(_)) => {
            return Err(invalid("Send 'event' or 'auditRequestId', not both."));
        }
        (Some(event), None) => event,
        (None, Some(id)) => recorded(control, id, &template_arn)?,
        (None, None) => made_up(control),
    };
    event.template_arn = template_arn;
    if let Some(id) = members.bounded_text("clientId", CLIENT_ID_CHARS)? {
        event.client_id = id.to_owned();
    }
    event.parameters.extend(parameters(members)?);
    check(&event.parameters)?;
    let certificate =
        CertificateId::parse(&event.certificate_id).map_err(|error| invalid(sentence(&error)))?;
    Ok(Rehearsal { event, certificate })
}

/// An event as a hook gets it; members that are left out are made up.
fn sent(control: &Control, members: &Members<'_>) -> Result<HookRequest, Refusal> {
    let mut event = made_up(control);
    if let Some(pem) = members.bounded_text("certificatePem", PEM_CHARS)? {
        event.certificate_id = id_of(pem).ok_or_else(|| {
            invalid("The member 'event.certificatePem' must be one certificate in PEM.")
        })?;
        event.certificate_pem = pem.to_owned();
    }
    let id = |name: &str| members.optional(name, CertificateId::parse);
    if let Some(id) = id("certificateId")? {
        event.certificate_id = id.to_string();
    }
    if let Some(id) = id("claimCertificateId")? {
        event.claim_certificate_id = id.to_string();
    }
    if let Some(id) = members.bounded_text("clientId", CLIENT_ID_CHARS)? {
        event.client_id = id.to_owned();
    }
    event.parameters = parameters(members)?;
    Ok(event)
}

/// The event of a device; that of another template is none, for its parameters may be secrets.
fn recorded(control: &Control, id: &str, template_arn: &str) -> Result<HookRequest, Refusal> {
    let event = control.hooks.recorded(id).filter(|event| event.template_arn == template_arn);
    let shown: String = id.chars().take(64).collect();
    event.ok_or_else(|| {
        let mut refusal = not_found("recorded event", shown);
        refusal.message.push_str(
            " Events are kept in memory, the last ones, when the configuration has [hooks] \
             record-events; otherwise send one.",
        );
        refusal
    })
}

fn made_up(control: &Control) -> HookRequest {
    let pem = control.issuance.root_pem();
    HookRequest {
        claim_certificate_id: "0".repeat(64),
        certificate_id: id_of(pem).unwrap_or_else(|| "0".repeat(64)),
        certificate_pem: pem.to_owned(),
        template_arn: String::new(),
        client_id: CLIENT_ID.to_owned(),
        parameters: BTreeMap::new(),
    }
}

fn id_of(pem: &str) -> Option<String> {
    let der = fleetwright_ca::certificate_der(pem)?;
    Some(fleetwright_ca::certificate_id(&der).to_string())
}

fn parameters(members: &Members<'_>) -> Result<BTreeMap<String, String>, Refusal> {
    let given = members.text_map("parameters")?.unwrap_or_default();
    Ok(given.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

/// The bounds of what a device may send.
fn check(parameters: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let long = |text: &str, most: usize| text.chars().count() > most;
    let wrong = parameters.iter().find(|(name, value)| {
        long(name, PARAMETER_KEY_CHARS) || long(value, PARAMETER_VALUE_CHARS)
    });
    if let Some((name, _)) = wrong {
        let shown: String = name.chars().take(64).collect();
        return Err(invalid(format!(
            "The parameter '{shown}' is too long: names have at most {PARAMETER_KEY_CHARS} \
             characters, values {PARAMETER_VALUE_CHARS}."
        )));
    }
    let bytes: usize = parameters.iter().map(|(name, value)| name.len() + value.len()).sum();
    if parameters.len() > REGISTER_PARAMETERS || bytes > PAYLOAD_BYTES {
        return Err(invalid(format!(
            "There are too many parameters: a device sends at most {REGISTER_PARAMETERS}, in \
             {PAYLOAD_BYTES} bytes."
        )));
    }
    Ok(())
}
