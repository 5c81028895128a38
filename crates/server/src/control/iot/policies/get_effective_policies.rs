//! `GetEffectivePolicies`: what is in force for a principal, and as which thing it connects.

use fleetwright_core::error::Refusal;
use fleetwright_core::names::ThingName;
use fleetwright_store::{EffectivePolicy, PolicyTarget};
use serde_json::{Value, json};

use super::{certificate_row, in_force, target};
use crate::control::iot::members::{invalid, sentence};

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};

pub(super) const NAME: &str = "GetEffectivePolicies";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Who, and as which thing.
    let body = call.object()?;
    let members = body.members();
    in_force::refuse_cognito(&members)?;
    let thing = call.query_text("thingName")?.map(ThingName::parse).transpose();
    let thing = thing.map_err(|rule| invalid(sentence(&rule)))?;
    let principal =
        members.text("principal")?.map(|text| target(&control.home, text)).transpose()?;
    // 2. What applies, by name.
    let mut found = look_up(control, principal, thing.as_ref()).await?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.row == b.row);
    // 3. Its documents.
    let mut policies = Vec::with_capacity(found.len());
    for policy in found {
        policies.push(json!({
            "policyName": policy.name.as_str(),
            "policyArn": control.home.arn("policy", &policy.name),
            "policyDocument": in_force::text(control, policy.row, policy.version).await?,
        }));
    }
    Ok(Answer::json(json!({ "effectivePolicies": Value::Array(policies) })))
}

async fn look_up(
    control: &Control,
    principal: Option<PolicyTarget>,
    thing: Option<&ThingName>,
) -> Result<Vec<EffectivePolicy>, Refusal> {
    let of_thing = match thing {
        Some(thing) => control.store.policies_of_thing(thing).await?,
        None => Vec::new(),
    };
    match (principal, thing) {
        (None, None) => {
            Err(invalid("One of the member 'principal' and the parameter 'thingName' is required."))
        }
        (None, Some(_)) => Ok(of_thing),
        (Some(PolicyTarget::ThingGroup(group)), _) => {
            let mut policies = control.store.policies_of_group(&group).await?;
            policies.extend(of_thing);
            Ok(policies)
        }
        (Some(PolicyTarget::Certificate(id)), thing) => {
            let row = certificate_row(control, id).await?;
            // No thing has an empty name.
            let client_id = thing.map_or("", ThingName::as_str);
            Ok(control.store.effective_policies(row, client_id).await?.policies)
        }
    }
}
