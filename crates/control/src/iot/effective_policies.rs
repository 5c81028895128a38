//! The policies in force for a principal.

use std::sync::Arc;

use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::names::{PolicyName, ThingName};
use fleetwright_core::policy::{AttachedPolicy, Document};
use fleetwright_store::{EffectivePolicy, PolicyRow, PolicyTarget};
use serde_json::{Value, json};

use crate::Control;
use crate::iot::policy_attachments::{certificate_row, target};
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] =
    &[operation!("GetEffectivePolicies", get_effective_policies)];

/// `GetEffectivePolicies`: what is in force for a principal, and as which thing it connects.
async fn get_effective_policies(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. Who, and as which thing.
    let body = call.object()?;
    let members = body.members();
    refuse_cognito(&members)?;
    let thing = call.query_name("thingName", ThingName::parse)?;
    let principal =
        members.text("principal")?.map(|text| target(&control.scope, text)).transpose()?;
    // 2. What applies, by name.
    let mut found = look_up(control, principal, thing.as_ref()).await?;
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.row == b.row);
    // 3. Its documents.
    let mut policies = Vec::with_capacity(found.len());
    for policy in found {
        policies.push(json!({
            "policyName": policy.name.as_str(),
            "policyArn": control.scope.arn("policy", &policy.name),
            "policyDocument": text(control, policy.row, policy.version).await?,
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

/// `cognitoIdentityPoolId`: there are no Cognito identities here.
pub(super) fn refuse_cognito(members: &Members<'_>) -> Result<(), Refusal> {
    match members.text("cognitoIdentityPoolId")? {
        None => Ok(()),
        Some(_) => Err(invalid(
            "There are no Cognito identities here; leave the member 'cognitoIdentityPoolId' out.",
        )),
    }
}

/// The text of a policy's version.
pub(super) async fn text(
    control: &Control,
    row: PolicyRow,
    version: u32,
) -> Result<String, Refusal> {
    let text = control.store.policy_document(row, version).await?;
    text.ok_or_else(|| Refusal::internal("a policy lost its version"))
}

/// A policy in force, compiled.
pub(super) async fn compiled(
    control: &Control,
    policy: EffectivePolicy,
) -> Result<AttachedPolicy, Refusal> {
    let text = text(control, policy.row, policy.version).await?;
    compile(policy.name, policy.version, &text)
}

/// A policy by its name, compiled in its default version.
pub(super) async fn compiled_by_name(
    control: &Control,
    name: &PolicyName,
) -> Result<AttachedPolicy, Refusal> {
    let found = control.store.policy(name).await?.ok_or_else(|| not_found("policy", name))?;
    compile(found.name, found.default_version, &found.document)
}

fn compile(name: PolicyName, version: u32, text: &str) -> Result<AttachedPolicy, Refusal> {
    let document = Document::parse(text)
        .map_err(|error| Refusal::internal(format_args!("stored policy {name}: {error}")))?;
    Ok(AttachedPolicy { name, version, document: Arc::new(document) })
}
