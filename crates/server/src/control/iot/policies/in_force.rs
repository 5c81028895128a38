//! The policies in force for a principal, with their documents.

use std::sync::Arc;

use fleetwright_core::error::Refusal;
use fleetwright_core::names::PolicyName;
use fleetwright_core::policy::{AttachedPolicy, Document};
use fleetwright_store::{EffectivePolicy, PolicyRow};

use crate::control::Control;
use crate::control::iot::members::{Members, invalid};
use crate::control::iot::not_found;

/// `cognitoIdentityPoolId` names nobody here.
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
