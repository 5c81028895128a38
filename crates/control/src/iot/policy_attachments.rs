//! What policies are attached to: certificates and thing groups.

use fleetwright_core::arn::{AccountScope, Target};
use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::CertificateId;
use fleetwright_core::error::{ErrorCode, Refusal};
use fleetwright_core::names::PolicyName;
use fleetwright_core::text::shown_arn;
use fleetwright_store::{CertificateRow, GroupRow, PolicyTarget, TargetKey};
use serde_json::json;

use crate::Control;
use crate::iot::named::principal;
use crate::operation::operation;
use crate::rest::members::{invalid, violation};
use crate::rest::page::{MARKER, Page, cut};
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] = &[
    operation!("AttachPolicy", attach_policy),
    operation!("DetachPolicy", detach_policy),
    operation!("ListAttachedPolicies", list_attached_policies),
    operation!("ListTargetsForPolicy", list_targets_for_policy),
    operation!("AttachPrincipalPolicy", attach_principal_policy),
    operation!("DetachPrincipalPolicy", detach_principal_policy),
    operation!("ListPrincipalPolicies", list_principal_policies),
    operation!("ListPolicyPrincipals", list_policy_principals),
];

/// The member or label `target`: a certificate or a thing group, by ARN.
pub(super) fn target(scope: &AccountScope, text: &str) -> Result<PolicyTarget, Refusal> {
    match scope.target(text) {
        Some(Target::Certificate(id)) => Ok(PolicyTarget::Certificate(id)),
        Some(Target::ThingGroup(name)) => Ok(PolicyTarget::ThingGroup(name)),
        _ => {
            let shown = shown_arn(text);
            Err(invalid(format!(
                "The target '{shown}' is not valid: use the ARN of a certificate or a thing \
                 group of this account and region, such as {}.",
                scope.arn("thinggroup", "NAME")
            )))
        }
    }
}

/// The row of a certificate that must exist.
pub(super) async fn certificate_row(
    control: &Control,
    id: CertificateId,
) -> Result<CertificateRow, Refusal> {
    let found = control.store.certificate_state(id).await?;
    Ok(found.ok_or_else(|| not_found("certificate", id))?.row)
}

/// `AttachPolicy`: to a certificate or a thing group. Twice is harmless.
async fn attach_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let body = call.object()?;
    let target = target(&control.scope, body.members().required_text("target")?)?;
    control.store.attach_policy(name, target).await?;
    Ok(Answer::empty())
}

/// `DetachPolicy`: what is not attached is already detached.
async fn detach_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let body = call.object()?;
    let text = body.members().required_text("target")?;
    let target = target(&control.scope, text)?;
    let known = match &target {
        PolicyTarget::Certificate(id) => control.store.certificate_state(*id).await?.is_some(),
        PolicyTarget::ThingGroup(name) => control.store.thing_group(name).await?.is_some(),
    };
    // AWS: this operation finds nothing missing. An unknown target is an invalid one, an unknown
    // policy is already detached (service model `iot/2015-05-28`, its errors).
    if !known {
        return Err(invalid(format!("Invalid Target: '{text}' does not exist.")).into());
    }
    match control.store.detach_policy(name, target).await.map_err(Refusal::from) {
        Err(refusal) if refusal.code != ErrorCode::ResourceNotFound => Err(refusal.into()),
        _ => Ok(Answer::empty()),
    }
}

/// `ListAttachedPolicies`: of a certificate or a thing group, by name; with `recursive` also
/// those of a group's parents.
async fn list_attached_policies(control: &Control, call: &Authorized<Call>) -> Outcome {
    let target = target(&control.scope, call.label_text("target")?)?;
    let recursive = call.query_flag("recursive")?;
    let page = MARKER.read(call)?;
    let after = page.name(&MARKER, PolicyName::parse)?;
    let found = control.store.attached_policies(target, recursive, after, page.size).await?;
    let policies = found.items.iter().map(
        |name| json!({"policyName": name.as_str(), "policyArn": control.scope.arn("policy", name)}),
    );
    Ok(Answer::list("policies", policies, &MARKER, found.next.as_ref().map(PolicyName::as_str)))
}

/// How a page's key begins that is a certificate's.
const CERTIFICATES: &str = "c";
/// How a page's key begins that is a thing group's.
const GROUPS: &str = "g";

/// `ListTargetsForPolicy`: certificates, then thing groups, by ARN.
async fn list_targets_for_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let page = MARKER.read(call)?;
    let after = key(&page)?;
    let found = control.store.policy_targets(&name, after, page.size).await?;
    let targets = found.items.iter().map(|target| arn(&control.scope, target).into());
    let next = found.next.map(|key| match key {
        TargetKey::Certificate(row) => format!("{CERTIFICATES}{}", row.0),
        TargetKey::ThingGroup(row) => format!("{GROUPS}{}", row.0),
    });
    Ok(Answer::list("targets", targets, &MARKER, next.as_deref()))
}

fn key(page: &Page) -> Result<Option<TargetKey>, Refusal> {
    let Some(text) = page.after.as_deref() else { return Ok(None) };
    let row = |start| text.strip_prefix(start).and_then(|row| row.parse().ok());
    let certificate = row(CERTIFICATES).map(|row| TargetKey::Certificate(CertificateRow(row)));
    let group = || row(GROUPS).map(|row| TargetKey::ThingGroup(GroupRow(row)));
    match certificate.or_else(group) {
        Some(key) => Ok(Some(key)),
        None => Err(MARKER.foreign_token()),
    }
}

fn arn(scope: &AccountScope, target: &PolicyTarget) -> String {
    match target {
        PolicyTarget::Certificate(id) => scope.arn("cert", id),
        PolicyTarget::ThingGroup(name) => scope.arn("thinggroup", name),
    }
}

/// `AttachPrincipalPolicy`: the older name of `AttachPolicy`, for certificates.
async fn attach_principal_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let id = principal(&control.scope, call.header_text("x-amzn-iot-principal")?)?;
    control.store.attach_policy(name, PolicyTarget::Certificate(id)).await?;
    Ok(Answer::empty())
}

/// `DetachPrincipalPolicy`: the older name of `DetachPolicy`, for certificates; here an unknown
/// policy or principal is not found.
async fn detach_principal_policy(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = call.label("policyName", PolicyName::parse)?;
    let id = principal(&control.scope, call.header_text("x-amzn-iot-principal")?)?;
    control.store.detach_policy(name, PolicyTarget::Certificate(id)).await?;
    Ok(Answer::empty())
}

/// `ListPrincipalPolicies`: of a certificate, by name; backwards unless `isAscendingOrder`.
async fn list_principal_policies(control: &Control, call: &Authorized<Call>) -> Outcome {
    let id = principal(&control.scope, call.header_text("x-amzn-iot-principal")?)?;
    let page = MARKER.read(call)?;
    let ascending = call.query_flag("isAscendingOrder")?;
    let row = certificate_row(control, id).await?;
    // A certificate has ten policies at most.
    let mut names = control.store.policies_for_certificate(row).await?;
    if !ascending {
        names.reverse();
    }
    let (names, next) = cut(names, &page, PolicyName::as_str);
    let policies = names.iter().map(
        |name| json!({"policyName": name.as_str(), "policyArn": control.scope.arn("policy", name)}),
    );
    Ok(Answer::list("policies", policies, &MARKER, next.as_deref()))
}

/// `ListPolicyPrincipals`: the certificates of a policy; newest first unless `isAscendingOrder`.
async fn list_policy_principals(control: &Control, call: &Authorized<Call>) -> Outcome {
    let name = PolicyName::parse(call.header_text("x-amzn-iot-policy")?);
    let name = name.map_err(violation)?;
    let page = MARKER.read(call)?;
    let after = page.row(&MARKER)?.map(CertificateRow);
    let ascending = call.query_flag("isAscendingOrder")?;
    let found = control.store.policy_principals(&name, after, page.size, ascending).await?;
    let principals = found.items.iter().map(|id| control.scope.arn("cert", id).into());
    let next = found.next.map(|row| row.0.to_string());
    Ok(Answer::list("principals", principals, &MARKER, next.as_deref()))
}
