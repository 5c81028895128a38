//! `CreatePolicy`: version 1 of a new policy, its default.

use fleetwright_core::limits::POLICY_DOCUMENT_RAW_CHARS;
use fleetwright_core::names::PolicyName;
use fleetwright_core::policy::{Document, Lint};
use serde_json::json;

use crate::control::Control;
use crate::control::iot::lint::with_lints;
use crate::control::iot::members::invalid;
use crate::control::iot::{Answer, Call, Outcome, refusal, tags};

pub(super) const NAME: &str = "CreatePolicy";

pub(super) async fn run(control: &Control, call: &Call) -> Outcome {
    // 1. Read.
    let name = call.label("policyName", PolicyName::parse)?;
    let body = call.object()?;
    let members = body.members();
    let document = members.bounded_text("policyDocument", POLICY_DOCUMENT_RAW_CHARS)?;
    let document =
        document.ok_or_else(|| invalid("The member 'policyDocument' is required."))?.to_owned();
    let tags = tags::tags(&members)?;
    let lints = Document::parse(&document).map_err(refusal)?.lint();
    // 2. Keep.
    let policy = control.store.create_policy(name, document, tags, (control.clock)()).await?;
    // 3. Answer, with what may surprise later.
    let answer = Answer::json(json!({
        "policyName": policy.name.as_str(),
        "policyArn": control.home.arn("policy", &policy.name),
        "policyDocument": policy.document,
        "policyVersionId": policy.default_version.to_string(),
    }));
    let line = |lint: Lint| {
        tracing::warn!(policy = %policy.name, code = lint.kind.code(), "{}", lint.message);
        json!({"code": lint.kind.code(), "statement": lint.statement, "message": lint.message})
    };
    Ok(with_lints(answer, lints.into_iter().map(line).collect()))
}
