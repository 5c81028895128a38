//! Versions of policies, one of which is the default.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::names::PolicyName;
use serde_json::{Value, json};

use crate::Control;
use crate::iot::policies::{document, lines};
use crate::lint::with_lints;
use crate::operation::operation;
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreatePolicyVersion", create_policy_version),
    operation!("GetPolicyVersion", get_policy_version),
    operation!("ListPolicyVersions", list_policy_versions),
    operation!("SetDefaultPolicyVersion", set_default_policy_version),
    operation!("DeletePolicyVersion", delete_policy_version),
];

/// `CreatePolicyVersion`: a further document; in force at once with `setAsDefault`.
async fn create_policy_version(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let default = call.query_flag("setAsDefault")?;
    let body = call.object()?;
    let (text, lints) = document(&body.members(), &control.scope)?;
    let now = control.now();
    let version = control.store.create_policy_version(name.clone(), text, default, now).await?;
    let answer = Answer::json(json!({
        "policyArn": control.scope.arn("policy", &name),
        "policyDocument": version.document,
        "policyVersionId": version.version.to_string(),
        "isDefaultVersion": version.is_default,
    }));
    Ok(with_lints(answer, lines(&name, lints)))
}

/// `GetPolicyVersion`: one version with its document.
async fn get_policy_version(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let id = call.version("policyVersionId")?;
    let policy = control.store.policy(&name).await?.ok_or_else(|| not_found("policy", &name))?;
    let found = control.store.policy_version(&name, id).await?;
    let found = found.ok_or_else(|| not_found("policy version", format!("{name}, {id}")))?;
    Ok(Answer::json(json!({
        "policyArn": control.scope.arn("policy", &name),
        "policyName": name.as_str(),
        "policyDocument": found.document,
        "policyVersionId": found.version.to_string(),
        "isDefaultVersion": found.is_default,
        "creationDate": found.created.epoch_seconds(),
        // A version's document never changes.
        "lastModifiedDate": found.created.epoch_seconds(),
        "generationId": policy.generation.to_string(),
    })))
}

/// `ListPolicyVersions`: all of them, newest first.
async fn list_policy_versions(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let found = control.store.policy_versions(&name).await?;
    let versions = found.iter().map(|version| {
        json!({
            "versionId": version.version.to_string(),
            "isDefaultVersion": version.is_default,
            "createDate": version.created.epoch_seconds(),
        })
    });
    Ok(Answer::json(json!({ "policyVersions": versions.collect::<Vec<Value>>() })))
}

/// `SetDefaultPolicyVersion`: in force at once.
async fn set_default_policy_version(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    control
        .store
        .set_default_policy_version(name, call.version("policyVersionId")?, control.now())
        .await?;
    Ok(Answer::empty())
}

/// `DeletePolicyVersion`: never the default one.
async fn delete_policy_version(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    control
        .store
        .delete_policy_version(name, call.version("policyVersionId")?, control.now())
        .await?;
    Ok(Answer::empty())
}
