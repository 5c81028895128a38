//! `TestAuthorization`: would these requests be allowed? Decided by the engine that decides the
//! real ones.

use fleetwright_core::certificate::{CertificateFacts, CertificateId};
use fleetwright_core::error::Refusal;
use fleetwright_core::names::PolicyName;
use fleetwright_core::policy::{Assessment, AttachedPolicy, BoundThing, Context, assess};
use fleetwright_store::PolicyTarget;
use serde_json::{Value, json};

use super::asked::{Asked, asked};
use super::{in_force, target};
use crate::control::iot::members::invalid;

use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome, not_found};

pub(super) const NAME: &str = "TestAuthorization";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Who asks for what.
    let body = call.object()?;
    let members = body.members();
    in_force::refuse_cognito(&members)?;
    let client_id = call.query_text("clientId")?;
    let asked = asked(&members)?;
    let to_add = members.names("policyNamesToAdd", PolicyName::parse)?;
    let to_skip = members.names("policyNamesToSkip", PolicyName::parse)?;
    let principal =
        members.text("principal")?.map(|text| target(&control.home, text)).transpose()?;
    if principal.is_none() && to_add.is_empty() {
        return Err(invalid("The member 'principal' is required.").into());
    }
    // 2. Its policies, without some and with others.
    let mut subject = subject(control, principal, client_id.unwrap_or_default()).await?;
    subject.policies.retain(|policy| !to_skip.contains(&policy.name));
    for name in &to_add {
        let added = in_force::compiled_by_name(control, name).await?;
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
        now: Some((control.clock)()),
        ..Context::default()
    };
    let results = asked.iter().map(|asked| {
        let context = Context { connect_attributes: asked.connect_attributes(), ..context };
        let found = assess(&subject.policies, asked.action, &asked.resources, &context);
        result(control, asked, &found)
    });
    Ok(Answer::json(json!({ "authResults": results.collect::<Vec<Value>>() })))
}

/// Whom the policies are of.
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
        subject.policies.push(in_force::compiled(control, policy).await?);
    }
    Ok(subject)
}

fn result(control: &Control, asked: &Asked, found: &Assessment<'_>) -> Value {
    let line = |name: &&PolicyName| json!({"policyName": name.as_str(), "policyArn": control.home.arn("policy", name)});
    let lines = |names: &[&PolicyName]| names.iter().map(line).collect::<Vec<Value>>();
    json!({
        "authInfo": { "actionType": asked.action_type, "resources": asked.resources },
        "allowed": { "policies": lines(&found.allowing) },
        "denied": {
            "implicitDeny": { "policies": lines(&found.silent) },
            "explicitDeny": { "policies": lines(&found.denying) },
        },
        "authDecision": found.verdict.as_str(),
        "missingContextValues": found.missing,
    })
}
