//! What a provisioning role must allow for a plan (AWS: managed policy AWSIoTThingsRegistration
//! lists the actions by which AWS IoT registers things).

use super::need::Need;
use crate::arn::Home;
use crate::plan::{CertificateSource, Override, PolicyPlan, ProvisioningPlan, ThingPlan};

/// Every change that a plan may bring about, as an action on a resource. `certificate` is the ARN
/// of the plan's certificate, or `*` for one that the plan is yet to make. What the plan only
/// reads is not asked for.
pub fn of_plan(plan: &ProvisioningPlan, home: &Home, certificate: &str) -> Vec<Need> {
    let mut needs = Vec::new();
    if let Some(thing) = &plan.thing {
        of_thing(thing, home, &mut needs);
        needs.push(Need::new("iot:AttachThingPrincipal", certificate));
    }
    needs.push(match plan.certificate.source {
        CertificateSource::Id(_) => Need::new("iot:UpdateCertificate", certificate),
        CertificateSource::SigningRequest(_) => Need::new("iot:CreateCertificateFromCsr", "*"),
        CertificateSource::Pem { .. } => Need::new("iot:RegisterCertificate", "*"),
    });
    for policy in &plan.policies {
        if let PolicyPlan::FromDocument { name, .. } = policy {
            needs.push(Need::new("iot:CreatePolicy", home.arn("policy", name)));
        }
    }
    if !plan.policies.is_empty() {
        needs.push(Need::new("iot:AttachPolicy", certificate));
    }
    needs
}

fn of_thing(thing: &ThingPlan, home: &Home, needs: &mut Vec<Need>) {
    let arn = home.arn("thing", &thing.name);
    needs.push(Need::new("iot:CreateThing", arn.clone()));
    let changes = |wanted: Override| matches!(wanted, Override::Replace | Override::Merge);
    let existing = &thing.on_existing;
    if changes(existing.attributes) || changes(existing.type_name) {
        needs.push(Need::new("iot:UpdateThing", arn.clone()));
    }
    for group in thing.groups.iter().flatten() {
        let group = home.arn("thinggroup", group);
        needs.push(Need::new("iot:AddThingToThingGroup", arn.clone()));
        needs.push(Need::new("iot:AddThingToThingGroup", group));
    }
    if existing.groups == Override::Replace {
        needs.push(Need::new("iot:RemoveThingFromThingGroup", arn.clone()));
    }
    if let Some(group) = &thing.billing_group {
        needs.push(Need::new("iot:AddThingToBillingGroup", home.arn("billinggroup", group)));
        needs.push(Need::new("iot:AddThingToBillingGroup", arn));
    }
}
