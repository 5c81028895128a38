//! `TestHook`: a template and its hook tried with a device that is not there.

use std::collections::BTreeMap;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::Refusal;
use fleetwright_core::hook::{HookRequest, Verdict};
use fleetwright_core::limits::{
    PARAMETER_KEY_CHARS, PARAMETER_VALUE_CHARS, PAYLOAD_BYTES, REGISTER_PARAMETERS,
};
use fleetwright_core::names::TemplateName;
use fleetwright_core::plan::{Override, PolicyPlan, ProvisioningPlan, ThingPlan};
use fleetwright_core::text::shown;
use fleetwright_functions::hooks::HookOutcome;
use fleetwright_provisioning::{Rehearsal, Rehearsed, Step};
use serde_json::{Map, Value, json};

use crate::Control;
use crate::operation::operation;
use crate::rest::members::{Members, invalid, violation};
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] = &[operation!("TestHook", test_hook)];

/// `TestHook`: runs a template's hook, template and role for a device without registering it.
async fn test_hook(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let name = members.required("templateName", TemplateName::parse)?;
    let rehearsal = read(control, &name, &members)?;
    let rehearsed = control.provisioning.rehearse(&name, &rehearsal).await?;
    let event = serde_json::to_value(&rehearsal.event).map_err(Refusal::internal)?;
    Ok(Answer::json(json!({
        "templateName": name.to_string(),
        "event": event,
        "hook": rehearsed.hook.as_ref().map(hook),
        "plan": rehearsed.plan.as_ref().map(plan),
        "role": role(&rehearsed),
        "remarks": rehearsed.remarks,
        "wouldRegister": rehearsed.refused.is_none(),
        "refused": rehearsed.refused.as_ref().map(refused),
    })))
}

fn hook(outcome: &HookOutcome) -> Value {
    let (verdict, reason, overrides) = match &outcome.verdict {
        Ok(Verdict::Allow { overrides }) => ("allow", None, Some(overrides)),
        Ok(Verdict::Refuse) => ("refuse", None, None),
        Err(failure) => ("failed", Some(failure.to_string()), None),
    };
    json!({
        "targetArn": outcome.target,
        "verdict": verdict,
        "reason": reason,
        "parameterOverrides": overrides,
        "requestId": outcome.request_id,
        "durationMillis": u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
        "log": outcome.log,
    })
}

/// Whether the role allows the plan; `null` when a step before it refused.
fn role(rehearsed: &Rehearsed) -> Value {
    let reached = rehearsed.plan.is_some() && rehearsed.checks_role;
    let refused = rehearsed.refused.as_ref().filter(|(step, _)| *step == Step::Role);
    json!({
        "arn": rehearsed.role,
        "allows": reached.then_some(refused.is_none()),
    })
}

/// The refusal that the device would receive, with its cause for the log and the audit trail.
fn refused((step, refusal): &(Step, Refusal)) -> Value {
    json!({
        "by": step.as_str(),
        "statusCode": refusal.code.mqtt_status(),
        "errorCode": refusal.code.mqtt_name(),
        "errorMessage": refusal.message,
        "cause": refusal.cause,
    })
}

/// What would be registered.
pub(super) fn plan(plan: &ProvisioningPlan) -> Value {
    let certificate = &plan.certificate;
    json!({
        "thing": plan.thing.as_ref().map(thing),
        "certificate": {
            "status": if certificate.active { "ACTIVE" } else { "INACTIVE" },
            "exclusive": certificate.exclusive,
        },
        "policies": plan.policies.iter().map(policy).collect::<Vec<_>>(),
        "deviceConfiguration": plan.device_configuration,
    })
}

fn thing(thing: &ThingPlan) -> Value {
    let attributes = thing.attributes.iter().flatten();
    let attributes: Map<String, Value> =
        attributes.map(|(name, value)| (name.to_string(), value.as_str().into())).collect();
    let groups = thing.groups.iter().flatten().map(ToString::to_string).collect::<Vec<_>>();
    let existing = &thing.on_existing;
    json!({
        "name": thing.name.to_string(),
        "type": thing.type_name.as_ref().map(ToString::to_string),
        "attributes": attributes,
        "groups": groups,
        "billingGroup": thing.billing_group.as_ref().map(ToString::to_string),
        "overrideSettings": {
            "AttributePayload": setting(existing.attributes),
            "ThingTypeName": setting(existing.type_name),
            "ThingGroups": setting(existing.groups),
        },
    })
}

fn policy(policy: &PolicyPlan) -> Value {
    match policy {
        PolicyPlan::Existing { name, .. } => json!({"name": name.to_string()}),
        PolicyPlan::FromDocument { name, document, .. } => {
            json!({"name": name.to_string(), "document": document})
        }
    }
}

fn setting(setting: Override) -> Option<&'static str> {
    match setting {
        Override::Unset => None,
        Override::DoNothing => Some("DO_NOTHING"),
        Override::Replace => Some("REPLACE"),
        Override::Fail => Some("FAIL"),
        Override::Merge => Some("MERGE"),
    }
}

/// Client id of a made-up event.
const CLIENT_ID: &str = "hook-test";
/// Characters of a client id. AWS: 128.
const CLIENT_ID_CHARS: usize = 128;
/// Characters of a certificate in PEM. AWS: shape `CertificatePem`.
const PEM_CHARS: usize = 65_536;

/// Reads `event` or `auditRequestId`, and puts `parameters` and `clientId` over it. What is
/// absent is made up: the certificate of this server's root stands for that of a device.
pub(super) fn read(
    control: &Control,
    template: &TemplateName,
    members: &Members<'_>,
) -> Result<Rehearsal, Refusal> {
    let template_arn = control.scope.arn("provisioningtemplate", template);
    let sent = members.object("event", |event| read_event(control, &event))?;
    let mut event = match (sent, members.text("auditRequestId")?) {
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
    let certificate = CertificateId::parse(&event.certificate_id).map_err(violation)?;
    Ok(Rehearsal { event, certificate })
}

/// An event as a hook gets it; members that are left out are made up.
fn read_event(control: &Control, members: &Members<'_>) -> Result<HookRequest, Refusal> {
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

/// The event of a device; never that of another template, as its parameters may be secrets.
fn recorded(control: &Control, id: &str, template_arn: &str) -> Result<HookRequest, Refusal> {
    let event = control.hooks.recorded(id).filter(|event| event.template_arn == template_arn);
    let shown = shown(id);
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
        let shown = shown(name);
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
