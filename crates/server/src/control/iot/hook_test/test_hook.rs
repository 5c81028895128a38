//! `TestHook`: a template's hook, template and role are asked about a device that nobody
//! registers.

use fleetwright_core::error::Refusal;
use fleetwright_core::hook::Verdict;
use fleetwright_core::names::TemplateName;
use serde_json::{Value, json};

use super::{event, plan};
use crate::control::Control;
use crate::control::iot::{Answer, Call, Outcome};
use crate::hooks::Consulted;
use crate::provisioning::{Rehearsed, Step};

pub(super) const NAME: &str = "TestHook";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    let body = call.object()?;
    let members = body.members();
    let name = members.required("templateName", TemplateName::parse)?;
    let rehearsal = event::read(control, &name, &members)?;
    let rehearsed = control.provisioning.rehearse(&name, &rehearsal).await?;
    let event = serde_json::to_value(&rehearsal.event).map_err(Refusal::internal)?;
    Ok(Answer::json(json!({
        "templateName": name.to_string(),
        "event": event,
        "hook": rehearsed.hook.as_ref().map(hook),
        "plan": rehearsed.plan.as_ref().map(plan::plan),
        "role": role(&rehearsed),
        "remarks": rehearsed.remarks,
        "wouldRegister": rehearsed.refused.is_none(),
        "refused": rehearsed.refused.as_ref().map(refused),
    })))
}

fn hook(consulted: &Consulted) -> Value {
    let (verdict, reason, overrides) = match &consulted.verdict {
        Ok(Verdict::Allow { overrides }) => ("allow", None, Some(overrides)),
        Ok(Verdict::Refuse) => ("refuse", None, None),
        Err(failure) => ("failed", Some(failure.to_string()), None),
    };
    json!({
        "targetArn": consulted.target,
        "verdict": verdict,
        "reason": reason,
        "parameterOverrides": overrides,
        "requestId": consulted.request_id,
        "durationMillis": u64::try_from(consulted.took.as_millis()).unwrap_or(u64::MAX),
        "log": consulted.log,
    })
}

/// Whether the role allows the plan; `null` when it was not asked, as nothing came so far.
fn role(rehearsed: &Rehearsed) -> Value {
    let asked = rehearsed.plan.is_some() && rehearsed.checks_role;
    let refused = rehearsed.refused.as_ref().filter(|(step, _)| *step == Step::Role);
    json!({
        "arn": rehearsed.role,
        "allows": asked.then_some(refused.is_none()),
    })
}

/// What the device would be told, and what its owner finds in the log and the audit trail.
fn refused((step, refusal): &(Step, Refusal)) -> Value {
    json!({
        "by": step.as_str(),
        "statusCode": refusal.code.mqtt_status(),
        "errorCode": refusal.code.mqtt_name(),
        "errorMessage": refusal.message,
        "cause": refusal.cause,
    })
}
