//! `CreateProvisioningClaim`: a certificate and key for five minutes and one template, for a
//! trusted user to hand to a device.

use fleetwright_core::names::TemplateName;
use fleetwright_store::TemplateType;
use serde_json::json;

use super::members::no_template;
use crate::control::Control;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "CreateProvisioningClaim";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    let template = control.store.template(&name).await?.ok_or_else(|| no_template(&name))?;
    // AWS: not documented. A claim that can register nobody within its five minutes is refused to
    // the user, who can do something about it, not to the device.
    if template.kind != TemplateType::FleetProvisioning {
        return Err(invalid(format!(
            "The provisioning template '{name}' is of type JITP; claims are for templates of type \
             FLEET_PROVISIONING."
        ))
        .into());
    }
    if !template.enabled {
        return Err(invalid(format!(
            "The provisioning template '{name}' is disabled; enable it with \
             UpdateProvisioningTemplate first."
        ))
        .into());
    }
    let (issued, until) =
        control.issuance.claim(&control.store, name, control.claim_seconds).await?;
    Ok(Answer::json(json!({
        "certificateId": issued.certificate.id.to_string(),
        "certificatePem": issued.certificate.pem,
        "keyPair": {
            "PublicKey": issued.public_key_pem,
            "PrivateKey": issued.private_key_pem.as_str(),
        },
        "expiration": until.epoch_seconds(),
    })))
}
