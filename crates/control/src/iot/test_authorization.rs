//! `TestAuthorization`: what the policies in force would decide.

use fleetwright_core::authorization::Authorized;
use fleetwright_core::certificate::{CertificateFacts, CertificateId};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::PolicyName;
use fleetwright_core::policy::{Assessment, AttachedPolicy, BoundThing, Context, assess};
use fleetwright_core::text::shown_arn;
use fleetwright_store::PolicyTarget;
use serde_json::{Value, json};

use crate::Control;
use crate::iot::effective_policies;
use crate::iot::policy_attachments::target;
use crate::operation::operation;
use crate::rest::members::{Members, invalid, object_item};
use crate::rest::{Answer, Call, Operation, Outcome, not_found};

pub(super) const OPERATIONS: &[Operation] = &[operation!("TestAuthorization", test_authorization)];

/// `TestAuthorization`: would these requests be allowed? Decided by the engine that decides the
/// real ones.
async fn test_authorization(control: &Control, call: &Authorized<Call>) -> Outcome {
    // 1. The principal and its requests.
    let body = call.object()?;
    let members = body.members();
    effective_policies::refuse_cognito(&members)?;
    let client_id = call.query_text("clientId")?;
    let infos = auth_infos(&members)?;
    let to_add = members.names("policyNamesToAdd", PolicyName::parse)?;
    let to_skip = members.names("policyNamesToSkip", PolicyName::parse)?;
    let principal =
        members.text("principal")?.map(|text| target(&control.scope, text)).transpose()?;
    if principal.is_none() && to_add.is_empty() {
        return Err(invalid("The member 'principal' is required.").into());
    }
    // 2. Its policies, without some and with others.
    let mut subject = subject(control, principal, client_id.unwrap_or_default()).await?;
    subject.policies.retain(|policy| !to_skip.contains(&policy.name));
    for name in &to_add {
        let added = effective_policies::compiled_by_name(control, name).await?;
        subject.policies.retain(|policy| policy.name != added.name);
        subject.policies.push(added);
    }
    // 3. The decisions.
    let context = Context {
        client_id,
        certificate_id: subject.certificate.as_ref().map(|(id, _)| id),
        certificate: subject.certificate.as_ref().map(|(_, facts)| facts),
        thing: subject.thing.as_ref(),
        is_attached: Some(subject.is_attached),
        now: Some(control.now()),
        ..Context::default()
    };
    let results = infos.iter().map(|info| {
        let context = Context { connect_attributes: info.connect_attributes(), ..context };
        let found = assess(&subject.policies, info.action, &info.resources, &context);
        result(control, info, &found)
    });
    Ok(Answer::json(json!({ "authResults": results.collect::<Vec<Value>>() })))
}

/// A principal with its policies.
#[derive(Default)]
struct Subject {
    policies: Vec<AttachedPolicy>,
    certificate: Option<(CertificateId, CertificateFacts)>,
    thing: Option<BoundThing>,
    is_attached: bool,
}

async fn subject(
    control: &Control,
    principal: Option<PolicyTarget>,
    client_id: &str,
) -> Result<Subject, Refusal> {
    let mut subject = Subject::default();
    let found = match principal {
        None => Vec::new(),
        Some(PolicyTarget::ThingGroup(group)) => control.store.policies_of_group(&group).await?,
        Some(PolicyTarget::Certificate(id)) => {
            let certificate = control.store.certificate(id).await?;
            let certificate = certificate.ok_or_else(|| not_found("certificate", id))?;
            let found = control.store.effective_policies(certificate.row, client_id).await?;
            let facts = fleetwright_ca::certificate_facts(&certificate.der);
            subject.certificate = Some((id, facts.map(|read| read.facts).unwrap_or_default()));
            subject.thing = found.thing;
            subject.is_attached = found.is_attached;
            found.policies
        }
    };
    for policy in found {
        subject.policies.push(effective_policies::compiled(control, policy).await?);
    }
    Ok(subject)
}

fn result(control: &Control, info: &AuthInfo, found: &Assessment<'_>) -> Value {
    let line = |name: &&PolicyName| json!({"policyName": name.as_str(), "policyArn": control.scope.arn("policy", name)});
    let lines = |names: &[&PolicyName]| names.iter().map(line).collect::<Vec<Value>>();
    json!({
        "authInfo": { "actionType": info.action_type, "resources": info.resources },
        "allowed": { "policies": lines(&found.allowing) },
        "denied": {
            "implicitDeny": { "policies": lines(&found.silent) },
            "explicitDeny": { "policies": lines(&found.denying) },
        },
        "authDecision": found.verdict.as_str(),
        "missingContextValues": found.missing,
    })
}

/// Requests of one call. AWS: shape `AuthInfos`.
const AUTH_INFOS: usize = 10;
/// Characters of a resource. AWS: shape `Resource`.
const RESOURCE_CHARS: usize = 2048;
/// Resources of one request. (ours)
const RESOURCES: usize = 100;
/// `actionType` and the action that it stands for.
const ACTIONS: [(&str, &str); 4] = [
    ("CONNECT", "iot:Connect"),
    ("PUBLISH", "iot:Publish"),
    ("RECEIVE", "iot:Receive"),
    ("SUBSCRIBE", "iot:Subscribe"),
];

/// One action on some resources.
struct AuthInfo {
    /// As it was sent.
    pub(super) action_type: &'static str,
    /// The action of policies.
    pub(super) action: &'static str,
    /// ARNs.
    pub(super) resources: Vec<String>,
}

impl AuthInfo {
    /// A CONNECT is a plain, clean one.
    pub(super) fn connect_attributes(&self) -> Option<&'static [&'static str]> {
        (self.action_type == "CONNECT").then_some(&[])
    }
}

/// Reads the member `authInfos`.
fn auth_infos(members: &Members<'_>) -> Result<Vec<AuthInfo>, Refusal> {
    let infos = members.list("authInfos", read)?;
    let infos = infos.ok_or_else(|| invalid("The member 'authInfos' is required."))?;
    if (1..=AUTH_INFOS).contains(&infos.len()) {
        return Ok(infos);
    }
    Err(invalid(format!(
        "The member 'authInfos' has {} items; it must have 1 to {AUTH_INFOS}.",
        infos.len()
    )))
}

fn read(at: &str, item: &Value) -> Result<AuthInfo, Refusal> {
    let members = object_item(at, item)?;
    let wanted = members.required_text("actionType")?;
    let known = ACTIONS.into_iter().find(|(action_type, _)| *action_type == wanted);
    let (action_type, action) = known.ok_or_else(|| {
        invalid(format!(
            "The member '{at}.actionType' must be CONNECT, PUBLISH, RECEIVE or SUBSCRIBE."
        ))
    })?;
    let resources = members.names("resources", resource)?;
    if !(1..=RESOURCES).contains(&resources.len()) {
        return Err(invalid(format!(
            "The member '{at}.resources' must have 1 to {RESOURCES} ARNs."
        )));
    }
    Ok(AuthInfo { action_type, action, resources })
}

fn resource(text: &str) -> Result<String, String> {
    if text.starts_with("arn:") && text.chars().count() <= RESOURCE_CHARS {
        return Ok(text.to_owned());
    }
    let shown = shown_arn(text);
    Err(format!(
        "the resource '{shown}' is not valid: it must be an ARN of at most {RESOURCE_CHARS} \
         characters, such as arn:aws:iot:us-east-1:123456789012:topic/a"
    ))
}
