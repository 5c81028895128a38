//! Provisioning by the operator: a trusted user's claim, and `RegisterThing`.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::ErrorCode;
use fleetwright_core::names::TemplateName;
use fleetwright_store::TemplateType;
use serde_json::json;

use crate::error::{ApiError, ErrorKind};
use crate::iot::registration_tasks;
use crate::iot::template_lints::Entrance;
use crate::iot::template_members::no_template;
use crate::lint::with_lints;
use crate::operation::operation;
use crate::rest::members::invalid;
use crate::rest::{Answer, Call, Operation, Outcome};
use crate::{Control, authorize};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreateProvisioningClaim", create_provisioning_claim),
    operation!("RegisterThing", register_thing),
];

/// `CreateProvisioningClaim`: a certificate and key for five minutes and one template, for a
/// trusted user to hand to a device.
async fn create_provisioning_claim(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("templateName", TemplateName::parse)?;
    let template = control.store.template(&name).await?.ok_or_else(|| no_template(&name))?;
    // AWS: not documented. A claim that can register no device within its five minutes is refused to
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

/// `RegisterThing`: a template and its parameters become a thing with its certificate, with the
/// caller's own permissions for every change.
async fn register_thing(control: &Control, call: &Authorized<Call>) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let (_, template) = registration_tasks::template(&members)?;
    let entrance = Entrance { source: "RegisterThing", role: None };
    let parameters = registration_tasks::parameters(&members)?;
    let plan = control.provisioning.plan_directly(&template, &parameters).await?;
    let needs = control.provisioning.needs(&plan);
    let plan = authorize::plan(control, call, needs, plan).await?;
    let registered = control.provisioning.register_directly(&control.store, plan, None).await;
    let registered = registered.map_err(|refusal| {
        let mut error = ApiError::from(refusal);
        if error.kind == ErrorKind::Code(ErrorCode::AccessDenied) {
            // A change that the registry turned out to be in need of: the caller's permissions.
            error.kind = ErrorKind::AccessDenied;
        }
        error
    })?;
    let lints = entrance.lints(control, &template).await?;
    Ok(with_lints(Answer::json(registered.body()), lints))
}
