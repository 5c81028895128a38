//! Policies.

use fleetwright_core::arn::AccountScope;
use fleetwright_core::authorization::Authorized;
use fleetwright_core::error::Refusal;
use fleetwright_core::limits::POLICY_DOCUMENT_RAW_CHARS;
use fleetwright_core::names::PolicyName;
use fleetwright_core::policy::{Document, Lint};
use serde_json::{Value, json};

use crate::Control;
use crate::lint::with_lints;
use crate::operation::operation;
use crate::rest::members::{Members, invalid};
use crate::rest::page::MARKER;
use crate::rest::{Answer, Call, Operation, Outcome, not_found, tags};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("CreatePolicy", create_policy),
    operation!("GetPolicy", get_policy),
    operation!("ListPolicies", list_policies),
    operation!("DeletePolicy", delete_policy),
];

/// `CreatePolicy`: version 1 of a new policy, its default.
async fn create_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let (text, lints) = document(&members, &control.scope)?;
    let tags = tags::tags(&members)?;
    let policy = control.store.create_policy(name, text, tags, control.now()).await?;
    let answer = Answer::json(json!({
        "policyName": policy.name.as_str(),
        "policyArn": control.scope.arn("policy", &policy.name),
        "policyDocument": policy.document,
        "policyVersionId": policy.default_version.to_string(),
    }));
    Ok(with_lints(answer, lines(&policy.name, lints)))
}

/// `GetPolicy`: a policy with the document of its default version.
async fn get_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let found = control.store.policy(&name).await?.ok_or_else(|| not_found("policy", &name))?;
    Ok(Answer::json(json!({
        "policyName": found.name.as_str(),
        "policyArn": control.scope.arn("policy", &found.name),
        "policyDocument": found.document,
        "defaultVersionId": found.default_version.to_string(),
        "creationDate": found.created.epoch_seconds(),
        "lastModifiedDate": found.modified.epoch_seconds(),
        "generationId": found.generation.to_string(),
    })))
}

/// `ListPolicies`, by name.
async fn list_policies(control: &Control, call: &Authorized<Call>) -> Outcome {
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, PolicyName::parse)?;
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.list_policies(after, page.size, ascending).await?;
    let policies = found.items.iter().map(
        |name| json!({"policyName": name.as_str(), "policyArn": control.scope.arn("policy", name)}),
    );
    Ok(Answer::list("policies", policies, &MARKER, found.next.as_ref().map(PolicyName::as_str)))
}

/// `DeletePolicy`: one that is attached to nothing and has no other version.
async fn delete_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    control.store.delete_policy(name).await?;
    Ok(Answer::empty())
}

/// Reads `policyDocument`, stored as it was sent, with its lints.
///
/// # Errors
/// It is missing, too long, or no policy.
pub(super) fn document(
    members: &Members<'_>,
    scope: &AccountScope,
) -> Result<(String, Vec<Lint>), Refusal> {
    let text = members.bounded_text("policyDocument", POLICY_DOCUMENT_RAW_CHARS)?;
    let text = text.ok_or_else(|| invalid("The member 'policyDocument' is required."))?;
    let lints = Document::parse(text)?.lint(Some(scope));
    Ok((text.to_owned(), lints))
}

/// Lints of a document, a line each; also logged.
pub(super) fn lines(name: &PolicyName, lints: Vec<Lint>) -> Vec<Value> {
    let line = |lint: Lint| {
        tracing::warn!(policy = %name, code = lint.kind.code(), "{}", lint.message);
        json!({"code": lint.kind.code(), "statement": lint.statement, "message": lint.message})
    };
    lints.into_iter().map(line).collect()
}
